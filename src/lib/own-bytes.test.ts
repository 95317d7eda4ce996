import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownBytes } from './own-bytes.ts';

test('a small part of much is copied, so that the rest can go', () => {
  const read = Buffer.alloc(64 * 1024, 'x');
  for (const bytes of [read.subarray(10, 20), new Uint8Array(read.buffer).subarray(10, 20)]) {
    const own = ownBytes(bytes);
    assert.deepEqual([own.length, own.buffer.byteLength, Buffer.from(own).equals(bytes)], [10, 10, true]);
  }
});

test('what was gathered in twice as much is copied too, as its length is what counts', () => {
  const own = ownBytes(new Uint8Array(150_000).subarray(0, 75_000));
  assert.equal(own.buffer.byteLength, 75_000);
});

test('what is most of what it is a part of stays as it is', () => {
  const bytes = new Uint8Array(10_000).subarray(200);
  assert.equal(ownBytes(bytes), bytes);
});
