import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { releaseMemoryWhenIdle } from './idle-memory.ts';

const MB = 1024 * 1024;

/** A node that works and uses memory; `collect` leaves what is in use. */
function node(t: TestContext) {
  const state = { used: 20 * MB, inUse: 20 * MB, collected: 0 };
  let look = () => {};
  let worked = 0;
  const clock = {
    every: (_: number, task: () => void) => {
      look = task;
      return () => {};
    },
  };
  const releasing = releaseMemoryWhenIdle(clock, {
    collect: () => {
      state.collected++;
      state.used = state.inUse;
    },
    usedBytes: () => state.used,
    workedMicroseconds: () => worked,
  });
  t.after(() => releasing[Symbol.dispose]());
  /** Looks so often, each time after that much work. */
  const looks = (count: number, workedMs: number) => {
    for (let at = 0; at < count; at++) {
      worked += workedMs * 1000;
      look();
    }
  };
  return { state, looks };
}

/** How often garbage is collected within `count` looks, each of which finds `workedMs` of work since the one before. */
function collections(t: TestContext, count: number, workedMs: number, usedMB = 60): number {
  const { state, looks } = node(t);
  state.used = usedMB * MB;
  looks(count, workedMs);
  return state.collected;
}

test('memory goes back once a node idles, and not again until as much has come', (t) => {
  assert.equal(collections(t, 1, 10), 0);
  assert.equal(collections(t, 30, 10), 1);
  assert.equal(collections(t, 30, 10, 40), 0);
});

test('a node that always has a little to do gives it back after half a minute', (t) => {
  assert.equal(collections(t, 5, 1200), 0);
  assert.equal(collections(t, 6, 1200), 1);
});

test('a node that is busy is not held up', (t) => {
  assert.equal(collections(t, 100, 3500), 0);
});

test('what was in use at a collection in the middle of a burst goes back when the burst is over', (t) => {
  const { state, looks } = node(t);
  Object.assign(state, { used: 90 * MB, inUse: 60 * MB });
  looks(6, 1200);
  assert.deepEqual([state.collected, state.used], [1, 60 * MB]);
  // What is in use for good is not collected again and again.
  looks(10, 10);
  assert.equal(state.collected, 1);
  state.inUse = 20 * MB;
  looks(2, 1200);
  looks(2, 10);
  assert.deepEqual([state.collected, state.used], [2, 20 * MB]);
});
