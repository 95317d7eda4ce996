import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fineBlocksOf, formatBlocks, gapsOf, parseBlocks } from './fine-blocks.ts';

const KB = 1024;

test('what is between runs and behind them are the gaps of a file', () => {
  const runs = [
    { start: 10, end: 20, from: 0 },
    { start: 20, end: 30, from: 50 },
  ];
  assert.deepEqual(gapsOf(runs, 40), [
    { start: 0, end: 10 },
    { start: 30, end: 40 },
  ]);
  assert.deepEqual(gapsOf([], 5), [{ start: 0, end: 5 }]);
  assert.deepEqual(gapsOf(runs, 30), [{ start: 0, end: 10 }]);
});

test('small blocks are wanted of what no run takes, in whatever order the runs are there, and not where little is the same', () => {
  const runs = [
    { start: 0, end: 40 * KB, from: 60 * KB },
    { start: 41 * KB, end: 100 * KB, from: 100 },
  ];
  const taken = 100 + 59 * KB;
  const blocks = fineBlocksOf(runs, { source: 100 * KB, there: 100 * KB });
  // The first 100 bytes, and what is between the runs; each block once.
  assert.deepEqual(blocks, [0, ...Array.from({ length: 4 }, (_, at) => Math.floor(taken / 256) + at)]);
  assert.deepEqual(fineBlocksOf(runs, { source: 100 * KB, there: 300 * KB }), []);
  assert.deepEqual(fineBlocksOf(runs, { source: 300 * KB, there: 100 * KB }), []);
  assert.deepEqual(fineBlocksOf([], { source: 10, there: 10 }), []);
});

test('a question names blocks in rows, and is read back as far as it is one', () => {
  assert.equal(formatBlocks([1, 2, 3, 7, 9, 10]), '1+3,7+1,9+2');
  assert.deepEqual(parseBlocks('1+3,7+1,9+2', 5), [
    { first: 1, count: 3 },
    { first: 7, count: 1 },
    { first: 9, count: 1 },
  ]);
  for (const text of ['', '1', '1+', '1+2,', '-1+2', '1+2;3+4', 'x+y'])
    assert.equal(parseBlocks(text, 5), undefined);
});
