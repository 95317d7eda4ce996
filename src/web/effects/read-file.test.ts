import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from './read-file.ts';

test('a file is read part by part, as long as the list had it, or as it is by now', async () => {
  const file = { path: 'logs/ship1/a', bytes: 7, changedAt: 1 };
  const textOf = async (content: string) => {
    const asked: (number | undefined)[] = [];
    const nodeFile = async (_: string, { from = 0 }: { from?: number } = {}) => {
      asked.push(from);
      return Buffer.from(content).subarray(from, from + 3);
    };
    return [await (await readFile('ship1', file, { nodeFile })).text(), asked];
  };
  assert.deepEqual(await textOf('abcdefghij'), ['abcdefg', [0, 3, 6]]);
  assert.deepEqual(await textOf('abcd'), ['abcd', [0, 3, 4]]);
});
