import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourceFigures } from '../../scripts/shape/source-figures.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('lines, forwarders, twin types and circles are counted, tests left out', async (t) => {
  const { path } = await tempFolder(t);
  await mkdir(join(path, 'src/node'), { recursive: true });
  const write = (name: string, text: string) => writeFile(join(path, 'src', name), text);
  await write(
    'forwarders.ts',
    `export const plain = (a: string, b: number) => call(a, b);
export async function awaited(a: string): Promise<void> {
  await call(a);
}
class Some {
  method() { return this.other.method(); }
  rest(...all: string[]) { return call(...all); }
  optional(a: string) { return this.other?.method(a); }
}
const parts = { close: () => socket.close() };
`,
  );
  await write(
    'not.ts',
    `const more = (a: string) => call(a, 1);
const fewer = (a: string, b: string) => call(a);
const turned = (a: string, b: string) => call(b, a);
const two = (a: string) => { first(); return call(a); };
const callback = list.map(() => next());
const value = (a: string) => a;
`,
  );
  await write(
    'node/one.ts',
    `import './two.ts';
export interface Place { readonly host: string; readonly port: number }
export interface Wide extends Place { readonly host: string; readonly port: number }
interface Empty {}
`,
  );
  await write(
    'node/two.ts',
    `import type { Place } from './one.ts';
/** Where it listens. */
type Address = {
  /** A number. */
  port: number;
  host: string;
};
interface Nothing {}
`,
  );
  await write('node/two.test.ts', 'const forward = (a: string) => call(a);\n'.repeat(100));
  assert.deepEqual(sourceFigures(path), {
    lines: 10 + 6 + 4 + 8,
    files: 4,
    nodeLines: 4 + 8,
    forwarders: [1, 2, 6, 7, 8, 10].map((line) => `forwarders.ts:${line}`),
    twins: ['node/one.ts Place, node/two.ts Address'],
    circles: ['node/one.ts, node/two.ts'],
  });
});
