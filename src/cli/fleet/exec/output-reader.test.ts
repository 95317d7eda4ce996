import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StewardApi } from '../../../client/steward-api.ts';
import { OutputReader } from './output-reader.ts';

/** A reader of a request whose stdout has the first length of `totals`, and a next one at each question after it, and misses `missing` bytes. */
function startReader(totals: readonly number[], missing = 0) {
  const left = totals.slice(1);
  let length = totals[0]!;
  const api = {
    request: async () => {
      length = left.shift() ?? length;
      return { stdout: { totalBytes: length }, stderr: { totalBytes: 0 } };
    },
    output: async (_id: string, { from, to }: { from: number; to: number }) => {
      length = left.shift() ?? length;
      return Buffer.alloc(Math.min(length, to) - missing, 'x').subarray(from);
    },
  };
  const shown: string[] = [];
  const lost: number[] = [];
  const sink = {
    piece: async (_node: string, _stream: string, data: Uint8Array) => void shown.push(String(data)),
    end: async () => {},
  };
  const reader = new OutputReader(api as unknown as StewardApi, sink as never, (_node, bytes) =>
    lost.push(bytes),
  );
  const take = (offset: number, text: string) =>
    reader.piece({ id: 'id', node: 'ship1' }, { stream: 'stdout', offset, data: Buffer.from(text) });
  return { take, shown, lost };
}

test('output that grows while it is asked for is shown whole, and nothing of it counts as lost', async () => {
  const { take, shown, lost } = startReader([10, 12, 13, 13]);
  await take(10, 'abc');
  await take(13, 'de');
  assert.equal(shown.join('').length, 15);
  assert.deepEqual(lost, []);
});

test('output that grows at every look is shown as far as it was read', async () => {
  const { take, shown, lost } = startReader(Array.from({ length: 40 }, (_, index) => 10 + index));
  await take(9, 'x');
  assert.ok(shown.join('').length >= 10);
  assert.deepEqual(lost, []);
});

test('bytes that are not kept any more are passed over, and counted', async () => {
  const { take, shown, lost } = startReader([20, 20, 20], 5);
  await take(20, 'end');
  assert.equal(shown.join('').slice(-3), 'end');
  assert.deepEqual(lost, [5]);
});

test('what is lost of a stream that grows at every look is counted to the byte', async () => {
  const { take, shown, lost } = startReader(
    Array.from({ length: 40 }, (_, index) => 100 + 7 * index),
    30,
  );
  await take(100, 'x'.repeat(10));
  await take(110, 'end');
  assert.deepEqual([shown.join('').length + lost.reduce((sum, bytes) => sum + bytes, 0), lost], [113, [30]]);
});

test('what is still to come of stderr is asked for when the end is read before it is told', async () => {
  const shown: string[] = [];
  const api = {
    request: async () => ({ stdout: { totalBytes: 0 }, stderr: { totalBytes: 3 } }),
    output: async (_id: string, { stream }: { stream: string }) =>
      Buffer.from(stream === 'stderr' ? 'why' : ''),
  };
  const sink = {
    piece: async (_node: string, _stream: string, data: Uint8Array) => void shown.push(String(data)),
    end: async () => {},
  };
  const reader = new OutputReader(api as unknown as StewardApi, sink as never, () => {});
  const request = { id: 'id', node: 'ship1', outputBytes: 0, stderrBytes: 3 };
  await reader.finish(request as never);
  await reader.piece(request, { stream: 'stderr', offset: 0, data: Buffer.from('why') });
  assert.deepEqual(shown, ['why']);
});
