import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BlockFinder, blockBytesFor, type Run, sumsOf } from './block-sums.ts';

const SIZE = 1024;

function readable(content: Buffer) {
  return {
    // As a file may, it fills no more than a part at once.
    read: async (position: number, into: Uint8Array) => {
      const length = Math.min(50_001, into.length);
      return into.subarray(0, content.copy(into, 0, position, position + length));
    },
  };
}

async function find(there: Buffer, source: Buffer, start = 0): Promise<readonly Run[]> {
  const finder = new BlockFinder(sumsOf(there, SIZE), SIZE);
  const runs = await finder.find(readable(source), start, new AbortController().signal);
  for (const { start, end, from } of runs)
    assert.ok(source.subarray(start, end).equals(there.subarray(from, from + end - start)));
  return runs;
}

function found(runs: readonly Run[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}

test('what is the same is found at whatever place it is, with what was put in, taken out and changed', async () => {
  const there = randomBytes(400_000);
  assert.deepEqual(await find(there, there), [{ start: 0, end: 390 * SIZE, from: 0 }]);
  const changed = Buffer.concat([
    there.subarray(0, 100_000),
    randomBytes(777),
    there.subarray(100_000, 200_000),
    there.subarray(203_333, 300_000),
    randomBytes(5),
    there.subarray(300_005),
  ]);
  const runs = await find(there, changed);
  assert.equal(runs.length, 4);
  assert.ok(found(runs) > 400_000 - 3333 - 8 * SIZE, String(found(runs)));
  assert.ok((await find(there, changed, 250_000)).every(({ start }) => start >= 250_000));
});

test('nothing is found where nothing is the same, and repeated blocks make one run', async () => {
  assert.deepEqual(await find(randomBytes(100_000), randomBytes(100_000)), []);
  assert.deepEqual(await find(randomBytes(1023), randomBytes(100_000)), []);
  const same = Buffer.alloc(64 * SIZE);
  assert.equal(found(await find(same, same)), same.length);
});

test('sums that fit by half end the search', async () => {
  const [zeros, block] = [Buffer.alloc(400_000), randomBytes(SIZE)];
  const sums = Buffer.concat([sumsOf(zeros.subarray(0, SIZE), SIZE), sumsOf(block, SIZE)]);
  sums.writeUInt32LE(1, 4);
  const search = (source: Buffer) =>
    new BlockFinder(sums, SIZE).find(readable(source), 0, new AbortController().signal);
  assert.equal(found(await search(Buffer.concat([zeros.subarray(0, 2 * SIZE), block]))), SIZE);
  assert.equal(found(await search(Buffer.concat([zeros, block]))), 0);
});

test('the size of a block follows that of the file', () => {
  assert.deepEqual(
    [1, 10_000_000, 1e9, 1e12].map((size) => blockBytesFor(size)),
    [1024, 2048, 16_384, 65_536],
  );
  assert.equal(blockBytesFor(10_000_000, true), 4096);
});
