import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ChunkingContext, type OutputBundle, rolldown } from 'rolldown';
import { ENTRY_POINTS } from './bin-build.ts';
import { buildWeb } from './build-web.ts';

/**
 * Compiles src into dist, from scratch, with the packages that it needs in few files: a node then starts in two thirds of
 * the processor time that it takes to find and load a thousand modules. The old dist stays until the new one is
 * complete, because a node may be running from it. Types are checked by `npm run check:static`.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const fresh = join(root, 'node_modules', `.steward-build-${process.pid}`);
/** Processes of their own run these, besides the entry points that the single-file program has too. */
const ONLY_NODE = ['src/methods/commands/spawner-process.ts'];
const VIRTUAL = '\0node-';
/** Stay packages: what a running node loads when it is first needed, perhaps after an upgrade, and a tool of ink's. */
const EXTERNAL = ['yaml', 'react-devtools-core'];

/**
 * Modules of Node.js with exports that are costly to make, such as a WebSocket, a thread's parts or the certificates of the world: an
 * import makes all of them, 0.03 s of each start, a `require` those that are used.
 */
const COSTLY = /^(?:node:)?(https?|tls|crypto|util)$/;

const requireCostly = {
  name: 'require-costly-modules',
  resolveId: (id: string, importer: string | undefined) => {
    const [, name] = COSTLY.exec(id) ?? [];
    return name === undefined || importer?.startsWith(VIRTUAL) ? undefined : `${VIRTUAL}${name}.cjs`;
  },
  load: (id: string) =>
    id.startsWith(VIRTUAL)
      ? `module.exports = process.getBuiltinModule('node:${id.slice(VIRTUAL.length, -'.cjs'.length)}');`
      : undefined,
};

/** One character beyond ASCII has the engine keep a whole file with two bytes for each. */
const writeAscii = {
  name: 'write-ascii',
  generateBundle(_options: unknown, bundle: OutputBundle) {
    for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = inAscii(file.code);
  },
};

function inAscii(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What a node loads at its start and no quick command does goes into one file, as finding and linking one takes a millisecond;
 * so does what a node and quick commands load, and what all commands load. What is loaded before all else, by a thread or by a small
 * process stays apart.
 */
const [NODE, MAIN] = ['src/cli/program/run.ts', 'src/main.ts'];
const QUICK = /\/src\/cli\/(?:fleet|state|line|program\/(?:version|completion))(?:\/|\.)/;
let files: ReadonlyMap<string, string> | undefined;

function fileOf(id: string, graph: ChunkingContext): string | null {
  files ??= filesOf(graph);
  return files.get(id) ?? null;
}

function filesOf(graph: ChunkingContext): ReadonlyMap<string, string> {
  const later = (path: string) => graph.getModuleInfo(join(root, path))!.dynamicallyImportedIds;
  const apart = closureOf(Object.values(input), graph);
  const shared = [...closureOf(later(MAIN), graph)].filter((id) => !apart.has(id));
  const quick = new Set([...apart, ...shared]);
  // It grows meanwhile: many a command loads the most of it when it knows its options.
  for (const id of quick) {
    const more = graph.getModuleInfo(id)?.dynamicallyImportedIds ?? [];
    closureOf(
      more.filter((path) => QUICK.test(path)),
      graph,
      quick,
    );
  }
  const node = [...closureOf([join(root, NODE)], graph)].filter(
    (id) => !apart.has(id) && !shared.includes(id),
  );
  return new Map([
    ...shared.map((id) => [id, 'shared'] as const),
    ...node.map((id) => [id, quick.has(id) ? 'common' : 'node'] as const),
  ]);
}

/** Some modules, with all that they import and do not leave for later. */
function closureOf(ids: readonly string[], graph: ChunkingContext, found = new Set<string>()): Set<string> {
  for (const id of ids) {
    if (found.has(id)) continue;
    closureOf(graph.getModuleInfo(id)?.importedIds ?? [], graph, found.add(id));
  }
  return found;
}

const input = Object.fromEntries(
  [...ENTRY_POINTS, ...ONLY_NODE].map((path) => [path.slice('src/'.length, -'.ts'.length), join(root, path)]),
);

mkdirSync(fresh, { recursive: true });
try {
  const bundle = await rolldown({
    ...{ input, external: EXTERNAL, platform: 'node', plugins: [requireCostly, writeAscii] },
    preserveEntrySignatures: 'allow-extension',
  });
  await bundle.write({
    dir: fresh,
    // One folder below dist, where src/lib/own-file.ts looks for its neighbours from.
    chunkFileNames: 'lib/[name]-[hash].js',
    minify: 'dce-only',
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ debugName: 'node', name: fileOf }],
    },
  });
  await bundle.close();
  await buildWeb(join(fresh, 'web.json'));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
