import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
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
 * Modules of Node.js with exports that are costly to make, such as a WebSocket or the certificates of the world: an import
 * makes all of them, 0.03 s of each start, a `require` those that are used.
 */
const COSTLY = /^(?:node:)?(https?|tls|crypto)$/;

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

const input = Object.fromEntries(
  [...ENTRY_POINTS, ...ONLY_NODE].map((path) => [path.slice('src/'.length, -'.ts'.length), join(root, path)]),
);

mkdirSync(fresh, { recursive: true });
try {
  const bundle = await rolldown({ input, external: EXTERNAL, platform: 'node', plugins: [requireCostly] });
  // One folder below dist, where src/lib/own-file.ts looks for its neighbours from.
  await bundle.write({ dir: fresh, chunkFileNames: 'lib/[name]-[hash].js', minify: 'dce-only' });
  await bundle.close();
  await buildWeb(join(fresh, 'web.json'));
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
