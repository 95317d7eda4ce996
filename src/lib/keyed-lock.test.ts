import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedLock } from './keyed-lock.ts';

test('work on one key runs alone and in the order in which it asked', async () => {
  const lock = new KeyedLock();
  const order: number[] = [];
  let running = 0;
  await Promise.all(
    [0, 1, 2, 3].map(async (n) => {
      const release = await lock.acquire(['a']);
      running += 1;
      assert.equal(running, 1);
      await new Promise(setImmediate);
      order.push(n);
      running -= 1;
      release();
      release();
    }),
  );
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.equal(lock.isTaken(['a']), false);
});

test('other keys are not kept waiting, and crossed sets of keys do not block each other', async () => {
  const lock = new KeyedLock();
  const releaseA = await lock.acquire(['a']);
  (await lock.acquire(['b']))();
  const both = Promise.all(
    [lock.acquire(['a', 'b', 'a']), lock.acquire(['b', 'a'])].map(async (held) => (await held)()),
  );
  assert.equal(lock.isTaken(['x', 'a']), true);
  releaseA();
  await both;
  assert.equal(lock.isTaken(['a', 'b']), false);
});
