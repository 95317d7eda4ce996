import { posix } from 'node:path';
import { type ImportGraph, importCircles } from './import-circles.ts';

/** A file of src/, as the rules see it: its path below src/ and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const MAX_LINES = 300;
const OUTER_WORLD = new Set(['main', 'config', 'cli', 'observe', 'tui']);

/** Which folders of src/ a folder may import, besides itself; `main` is src/main.ts. From the design's table. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  main: ['cli'],
  cli: [
    ...['client', 'contract', 'node', 'config', 'lib', 'message', 'observe'],
    ...['broker', 'security', 'doctor', 'service', 'tui', 'demo', 'waves'],
  ],
  tui: ['client', 'contract', 'lib'],
  demo: ['client', 'contract', 'lib'],
  client: ['contract', 'lib'],
  node: [
    ...['operations', 'sending', 'fleet'],
    ...[
      'listeners',
      'api',
      'console',
      'methods',
      'relay',
      'processes',
      'outbox',
      'trust',
      'journal',
      'ledger',
      'targets',
    ],
    ...['store', 'bus', 'link', 'broker', 'security', 'observe', 'message', 'contract', 'lib', 'config'],
  ],
  operations: [
    ...['sending', 'fleet', 'methods', 'processes', 'outbox', 'ledger', 'targets', 'trust', 'waves'],
    ...['store', 'bus', 'observe', 'message', 'contract', 'lib', 'config'],
  ],
  sending: [
    ...['fleet', 'listeners', 'methods', 'relay', 'outbox', 'journal', 'ledger', 'trust'],
    ...['store', 'link', 'bus', 'observe', 'message', 'contract', 'lib', 'config'],
  ],
  fleet: [
    ...[
      'outbox',
      'ledger',
      'security',
      'store',
      'bus',
      'link',
      'observe',
      'message',
      'contract',
      'lib',
      'config',
    ],
  ],
  api: ['contract', 'observe', 'lib'],
  console: ['api', 'config', 'store', 'contract', 'observe', 'lib'],
  web: ['client', 'contract', 'lib', 'waves'],
  targets: ['contract', 'lib'],
  waves: ['contract', 'lib'],
  broker: ['observe', 'lib'],
  security: ['message', 'lib'],
  doctor: ['bus', 'store', 'config', 'message', 'lib'],
  service: ['lib'],
  contract: [],
  config: ['lib', 'message'],
  listeners: ['contract', 'message', 'observe', 'lib'],
  methods: ['message', 'observe', 'contract', 'lib'],
  relay: ['methods', 'message', 'lib'],
  outbox: ['store', 'link', 'message', 'observe', 'lib'],
  link: ['message', 'lib'],
  trust: ['store', 'config', 'message', 'lib'],
  journal: ['methods', 'store', 'message', 'observe', 'lib'],
  ledger: ['store', 'message', 'observe', 'contract', 'lib', 'waves'],
  bus: ['message', 'observe', 'lib'],
  processes: ['lib'],
  store: ['lib'],
  observe: ['lib'],
  message: ['lib'],
  lib: [],
};

/** Packages that one folder alone may import; the others go through that folder. */
const KEPT_PACKAGES: readonly { readonly pattern: RegExp; readonly owner: string }[] = [
  { pattern: /^node:sqlite$/, owner: 'store' },
  { pattern: /^@nats-io\//, owner: 'bus' },
  { pattern: /^(ink|react)$/, owner: 'tui' },
  { pattern: /^preact(\/|$)/, owner: 'web' },
];

/** Rooms that the simulator runs with clocks and chance of its own, and their files that it leaves out. */
const SIMULATED = new Set(
  'trust outbox journal ledger sending fleet processes relay waves link operations'.split(' '),
);
const NOT_SIMULATED = /^fleet\/admission(-control)?\.ts$/;
/** What tells the time, waits, or is chance, but for what is handed in. */
const MACHINE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bAbortSignal\.timeout\b|\bhrtime\b|timers\/promises|\bsystem(?:Clock|Random)\b|lib\/(?:pause|long-timeout)\.ts|(?<=^import \{[^}]*)\bnewId\b/gm;

/** What breaks the rules in these files, one sentence each. Tests may import what they like. */
export function layerFaults(files: readonly SourceFile[]): string[] {
  return [
    ...folderFaults(files),
    ...files.flatMap((file) => [...shapeFaults(file), ...contentFaults(file)]),
    ...circleFaults(files),
  ];
}

/** What each file of src imports from src, tests left out. */
export function importGraph(files: readonly SourceFile[]): ImportGraph {
  const sources = files.filter(({ path }) => !path.endsWith('.test.ts'));
  return new Map(
    sources.map(({ path, text }) => {
      const own = importsOf(withoutComments(text)).filter((specifier) => specifier.startsWith('.'));
      return [path, [...new Set(own.map((specifier) => pathOf(path, specifier)))]];
    }),
  );
}

/** The folders of src/ that a text, the architecture page, does not name. */
export function unnamedFolders(files: readonly SourceFile[], page: string): string[] {
  return foldersOf(files).filter((folder) => folder !== 'main' && !page.includes(`${folder}/`));
}

function folderFaults(files: readonly SourceFile[]): string[] {
  return foldersOf(files)
    .filter((folder) => LAYERS[folder] === undefined)
    .map((folder) => `src/${folder} is in no layer: add it to LAYERS in test/support/layer-rules.ts`);
}

function circleFaults(files: readonly SourceFile[]): string[] {
  return importCircles(importGraph(files)).map(
    (circle) =>
      `src/${circle.join(', src/')} import one another in a circle: move what they share into a file of its own`,
  );
}

function shapeFaults({ path, text }: SourceFile): string[] {
  const faults: string[] = [];
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > MAX_LINES) faults.push(`src/${path} has ${lines} lines, ${MAX_LINES} are allowed: split it`);
  if (/(^|\/)index\.ts$/.test(path)) faults.push(`src/${path} is an index file: import the files themselves`);
  return faults;
}

function contentFaults({ path, text }: SourceFile): string[] {
  if (/\.test(-d)?\.ts$/.test(path)) return [];
  const code = withoutComments(text);
  const faults = importsOf(code).flatMap((specifier) => importFault(path, specifier) ?? []);
  if (/^\s*export\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/m.test(code)) {
    faults.push(`src/${path} has a default export: name it`);
  }
  const isSimulated = SIMULATED.has(folderOf(path)) || path.startsWith('methods/copy/');
  if (isSimulated && !NOT_SIMULATED.test(path)) faults.push(...machineFaults(path, code));
  if (OUTER_WORLD.has(folderOf(path))) return faults;
  const outer =
    /(?<![\w.$])(?:(process\.(?:env|argv))\b|(console)\.(?:log|error|warn|info|debug|trace|table|dir)\b)/g;
  for (const [, ofProcess, word = ofProcess] of code.matchAll(outer)) {
    faults.push(`src/${path} uses ${word}, which belongs to main, config, cli and observe: pass it in`);
  }
  return [...new Set(faults)];
}

/** What a simulated room takes from the machine by itself, or keeps besides its parts: nodes of one process share that. */
function machineFaults(path: string, code: string): string[] {
  const faults = [...new Set(code.match(MACHINE))].map(
    (word) => `src/${path} uses ${word}: take a Clock or Random (lib/edges.ts) as a dependency`,
  );
  for (const [, name] of code.matchAll(/^(?:export )?let (\w+)/gm))
    faults.push(`src/${path} keeps ${name} for the whole process: keep it in a part`);
  return faults;
}

function importFault(path: string, specifier: string): string | undefined {
  const from = folderOf(path);
  if (!specifier.startsWith('.')) {
    const kept = KEPT_PACKAGES.find(({ pattern }) => pattern.test(specifier));
    if (kept === undefined || kept.owner === from) return undefined;
    return `src/${path} imports ${specifier}, which src/${kept.owner} alone may do`;
  }
  const target = pathOf(path, specifier);
  if (target.startsWith('../')) return `src/${path} imports ${specifier}, which is outside src`;
  const to = folderOf(target);
  if (to === from || LAYERS[from] === undefined || LAYERS[from].includes(to)) return undefined;
  const allowed = LAYERS[from].length === 0 ? 'nothing' : LAYERS[from].join(', ');
  return `src/${path} imports ${specifier}: ${from} may import ${allowed}, not ${to}`;
}

/** The path in src, or from it, of a file that another one imports. */
function pathOf(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

/** Every module that a text names: in import and export statements, `import()`, and `new URL(..., import.meta.url)`. */
function importsOf(code: string): string[] {
  const patterns = [
    /\bfrom\s*['"]([^'"\n]+)['"]/g,
    /\bimport\s*['"]([^'"\n]+)['"]/g,
    /\b(?:import|require|import\.meta\.resolve)\s*\(\s*['"`]([^'"`\n]+)['"`]/g,
    /\bnew\s+URL\s*\(\s*['"`](\.[^'"`\n]+\.[cm]?[jt]s)['"`]/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((found) => found[1]!));
}

/** The code with its comments blanked. Knows strings, so that `'http://x'` is none. */
function withoutComments(text: string): string {
  const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(tokens, (token) => (token.startsWith('/') ? ' ' : token));
}

function foldersOf(files: readonly SourceFile[]): string[] {
  return [...new Set(files.map(({ path }) => folderOf(path)))];
}

function folderOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? path.replace(/\.ts$/, '') : path.slice(0, slash);
}
