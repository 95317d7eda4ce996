import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withLayers } from '../../scripts/layers-doc.ts';
import { LAYERS, layerFaults, type SourceFile, unnamedFolders } from '../support/layer-rules.ts';

const PROJECT = join(import.meta.dirname, '../..');

function sources(): SourceFile[] {
  return globSync('**/*.ts', { cwd: join(PROJECT, 'src') }).map((path) => ({
    path,
    text: readFileSync(join(PROJECT, 'src', path), 'utf8'),
  }));
}

test('every file of src keeps to its layer', () => {
  const files = sources();
  assert.ok(files.length > 0, 'src has no files');
  const faults = layerFaults(files);
  assert.deepEqual(faults, [], `\n${faults.join('\n')}\n`);
});

test('ARCHITECTURE.md names every folder of src', () => {
  const page = readFileSync(join(PROJECT, 'ARCHITECTURE.md'), 'utf8');
  assert.deepEqual(unnamedFolders(sources(), page), []);
});

test('ARCHITECTURE.md has the layers that hold (npm run doc writes them)', () => {
  const page = readFileSync(join(PROJECT, 'ARCHITECTURE.md'), 'utf8');
  const narrow = (text: string) => text.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---');
  assert.equal(narrow(page), narrow(withLayers(page)));
});

test('the layers themselves only name folders that are layers, and nothing imports in a circle', () => {
  const visit = (folder: string, path: readonly string[]): void => {
    assert.ok(LAYERS[folder] !== undefined, `${folder} is no layer`);
    assert.ok(!path.includes(folder), `a circle: ${[...path, folder].join(' -> ')}`);
    for (const next of LAYERS[folder]) visit(next, [...path, folder]);
  };
  for (const folder of Object.keys(LAYERS)) visit(folder, []);
});

function faultsOf(path: string, text: string): string[] {
  return layerFaults([{ path, text }]);
}

test('an import of a folder that the layer may not use is a fault, in each form of import', () => {
  const sentence = (specifier: string) =>
    `src/outbox/lane.ts imports ${specifier}: outbox may import store, link, message, observe, lib, not bus`;
  for (const text of [
    "import { Bus } from '../bus/bus.ts';",
    "import type { Bus } from '../bus/bus.ts';",
    "import {\n  Bus,\n  type Envelope,\n} from '../bus/bus.ts';",
    "import '../bus/bus.ts';",
    "export { Bus } from '../bus/bus.ts';",
    "export * from '../bus/bus.ts';",
    "const { Bus } = await import('../bus/bus.ts');",
    "type Bus = import('../bus/bus.ts').Bus;",
    "new Worker(new URL('../bus/bus.ts', import.meta.url));",
  ]) {
    assert.deepEqual(faultsOf('outbox/lane.ts', text), [sentence('../bus/bus.ts')], text);
  }
  const deep = faultsOf('outbox/window/send.ts', "import { Bus } from '../../bus/bus.ts';");
  assert.equal(deep.length, 1);
  assert.deepEqual(faultsOf('lib/a.ts', "import { b } from '../message/b.ts';"), [
    'src/lib/a.ts imports ../message/b.ts: lib may import nothing, not message',
  ]);
  assert.deepEqual(faultsOf('main.ts', "import { a } from './node/a.ts';"), [
    'src/main.ts imports ./node/a.ts: main may import cli, not node',
  ]);
  assert.deepEqual(faultsOf('lib/a.ts', "import { b } from '../../test/support/b.ts';"), [
    'src/lib/a.ts imports ../../test/support/b.ts, which is outside src',
  ]);
});

test('what the layers allow, comments and strings are no fault', () => {
  assert.deepEqual(
    faultsOf(
      'outbox/lane.ts',
      `import { join } from 'node:path';
       import { Store } from '../store/store.ts';
       import { window } from './window.ts';
       // import { Bus } from '../bus/bus.ts'; process.env.X; console.log(1)
       /* export default 1; import x from '@nats-io/nats-core' */
       const address = 'nats://127.0.0.1'; const consoleKind = row.console; method.process.env;`,
    ),
    [],
  );
});

test('a test file may import anything', () => {
  assert.deepEqual(faultsOf('outbox/lane.test.ts', "import '../bus/bus.ts'; process.env.A = '1';"), []);
});

test('a folder that is in no layer is a fault', () => {
  assert.deepEqual(faultsOf('util/a.ts', ''), [
    'src/util is in no layer: add it to LAYERS in test/support/layer-rules.ts',
  ]);
});

test('node:sqlite belongs to the store and the NATS client to the bus', () => {
  const sqlite = "import { DatabaseSync } from 'node:sqlite';";
  assert.deepEqual(faultsOf('store/a.ts', sqlite), []);
  assert.deepEqual(faultsOf('outbox/a.ts', sqlite), [
    'src/outbox/a.ts imports node:sqlite, which src/store alone may do',
  ]);
  const nats = "import type { Msg } from '@nats-io/nats-core';";
  assert.deepEqual(faultsOf('bus/a.ts', nats), []);
  assert.deepEqual(faultsOf('node/a.ts', nats), [
    'src/node/a.ts imports @nats-io/nats-core, which src/bus alone may do',
  ]);
});

test('environment, arguments and console are for main, config, cli and observe', () => {
  for (const [word, text] of [
    ['process.env', 'const a = process.env.HOME;'],
    ['process.argv', 'const a = process.argv[2];'],
    ['console', "console.log('a');"],
  ] as const) {
    assert.deepEqual(faultsOf('node/a.ts', text), [
      `src/node/a.ts uses ${word}, which belongs to main, config, cli and observe: pass it in`,
    ]);
    for (const path of ['main.ts', 'config/a.ts', 'cli/a.ts', 'observe/a.ts'])
      assert.deepEqual(faultsOf(path, text), []);
  }
});

test('index files, default exports and files over 300 lines are faults', () => {
  assert.deepEqual(faultsOf('lib/index.ts', ''), [
    'src/lib/index.ts is an index file: import the files themselves',
  ]);
  for (const text of ['export default function a() {}', 'const a = 1;\nexport { a as default };']) {
    assert.deepEqual(faultsOf('lib/a.ts', text), ['src/lib/a.ts has a default export: name it']);
  }
  assert.deepEqual(faultsOf('lib/a.ts', 'a;\n'.repeat(300)), []);
  assert.deepEqual(faultsOf('lib/a.ts', 'a;\n'.repeat(301)), [
    'src/lib/a.ts has 301 lines, 300 are allowed: split it',
  ]);
});

test('files that import one another in a circle are a fault, inside a folder and by way of types too', () => {
  const files = [
    { path: 'bus/a.ts', text: "import type { B } from './deep/b.ts';" },
    { path: 'bus/deep/b.ts', text: "import { c } from '../c.ts';" },
    { path: 'bus/c.ts', text: "export { A } from './a.ts';" },
    { path: 'bus/d.ts', text: "import './c.ts';" },
    { path: 'lib/e.ts', text: "import { e } from './e.ts';" },
    { path: 'lib/f.ts', text: "// import './f.ts';" },
    { path: 'lib/g.test.ts', text: "import './g.test.ts';" },
  ];
  assert.deepEqual(layerFaults(files), [
    'src/bus/a.ts, src/bus/c.ts, src/bus/deep/b.ts import one another in a circle: move what they share into a file of its own',
    'src/lib/e.ts import one another in a circle: move what they share into a file of its own',
  ]);
});

test('a folder that the architecture page does not name is found', () => {
  const files = [
    { path: 'bus/a.ts', text: '' },
    { path: 'main.ts', text: '' },
  ];
  assert.deepEqual(unnamedFolders(files, 'the bus/ folder'), []);
  assert.deepEqual(unnamedFolders(files, 'nothing here'), ['bus']);
});

test('a simulated room that takes time or chance from the machine is a fault, and so is state of a module', () => {
  const use = (word: string) =>
    `src/outbox/a.ts uses ${word}: take a Clock or Random (lib/edges.ts) as a dependency`;
  for (const [text, word] of [
    ['const at = Date.now();', 'Date.now'],
    ['const at = new Date();', 'new Date()'],
    ['const ms = performance.now();', 'performance.now'],
    ['setTimeout(() => {}, 5);', 'setTimeout'],
    ['const a = Math.random();', 'Math.random'],
    ["import { randomBytes } from 'node:crypto';", 'randomBytes'],
    ["import { setImmediate } from 'node:timers/promises';", 'setImmediate'],
    ["import { pause } from '../lib/pause.ts';", 'lib/pause.ts'],
    ["import { systemClock } from '../lib/clock.ts';", 'systemClock'],
    ["import { newId } from '../lib/new-id.ts';", 'newId'],
  ] as const) {
    assert.ok(faultsOf('outbox/a.ts', text).includes(use(word)), text);
    assert.deepEqual(faultsOf('listeners/a.ts', text), [], text);
  }
  assert.deepEqual(faultsOf('outbox/a.ts', 'let count = 0;'), [
    'src/outbox/a.ts keeps count for the whole process: keep it in a part',
  ]);
  assert.deepEqual(faultsOf('outbox/a.ts', '// Date.now\nconst date = new Date(0);\n  let inner = 1;'), []);
});
