import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { errorLinesOf, readErrorLines } from './error-lines.ts';

const DATE = 'Sun Nov 22 23:33:54 2026';

test('the last lines are given with their nodes, oldest first', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'error.log');
  const lines = [1, 2, 3, 4].map((number) => `${DATE}, node: ship${number % 2}, error: number ${number}`);
  await writeFile(path, `${lines.join('\n')}\nwritten by hand\n`);
  assert.deepEqual(await readErrorLines(path, { limit: 2 }), [
    { node: 'ship0', line: lines[3] },
    { node: '', line: 'written by hand' },
  ]);
  assert.deepEqual(await readErrorLines(path, { node: 'ship1' }), [
    { node: 'ship1', line: lines[0] },
    { node: 'ship1', line: lines[2] },
  ]);
  assert.deepEqual(await readErrorLines(join(folder, 'none'), {}), []);
});

test('a text cannot make its line that of another node', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'error.log');
  const [first, second] = [
    `${DATE}, node: ship1, error: a`,
    `node: ship1, says: ${DATE}, node: ship2, error: forged`,
  ];
  await writeFile(path, `${first}\n    ${DATE}, node: ship2, error: forged\n${second}\n`);
  assert.deepEqual(await readErrorLines(path, { node: 'ship2' }), []);
  assert.deepEqual(await readErrorLines(path, { node: 'ship1' }), [
    { node: 'ship1', line: first },
    { node: 'ship1', line: `    ${DATE}, node: ship2, error: forged` },
    { node: 'ship1', line: second },
  ]);
});

test('lines that name no node are of the node that sent them', () => {
  const data = [Buffer.from(`${DATE}, node: ship2, error: a\nat `), Buffer.from('line 5\n')];
  assert.deepEqual(errorLinesOf({ fromNode: 'ship1', data }), [
    { node: 'ship2', line: `${DATE}, node: ship2, error: a` },
    { node: 'ship1', line: 'at line 5' },
  ]);
  assert.deepEqual(errorLinesOf({ fromNode: 'ship1', data: null }), []);
});
