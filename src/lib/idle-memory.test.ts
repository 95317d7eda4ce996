import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseMemoryWhenIdle } from './idle-memory.ts';

const MB = 1024 * 1024;

/** How often garbage is collected within `looks`, each of which finds `workedMs` of work since the one before. */
function collections(looks: number, workedMs: number, usedMB = 60): number {
  let look = () => {};
  let [worked, used, collected] = [0, 20 * MB, 0];
  const clock = {
    every: (_: number, task: () => void) => {
      look = task;
      return () => {};
    },
  };
  using _ = releaseMemoryWhenIdle(clock, {
    collect: () => {
      collected++;
      used = 20 * MB;
    },
    usedBytes: () => used,
    workedMicroseconds: () => worked,
  });
  used = usedMB * MB;
  for (let count = 0; count < looks; count++) {
    worked += workedMs * 1000;
    look();
  }
  return collected;
}

test('memory goes back once a node idles, and not again until as much has come', () => {
  assert.equal(collections(1, 10), 0);
  assert.equal(collections(30, 10), 1);
  assert.equal(collections(30, 10, 40), 0);
});

test('a node that always has a little to do gives it back after half a minute', () => {
  assert.equal(collections(5, 1200), 0);
  assert.equal(collections(6, 1200), 1);
});

test('a node that is busy is not held up', () => {
  assert.equal(collections(100, 3500), 0);
});

test('what was in use at a collection in the middle of a burst goes back when the burst is over', () => {
  let look = () => {};
  let [worked, used, inUse, collected] = [0, 20 * MB, 60 * MB, 0];
  const clock = {
    every: (_: number, task: () => void) => {
      look = task;
      return () => {};
    },
  };
  using _ = releaseMemoryWhenIdle(clock, {
    collect: () => {
      collected++;
      used = inUse;
    },
    usedBytes: () => used,
    workedMicroseconds: () => worked,
  });
  const looks = (count: number, workedMs: number) => {
    for (let at = 0; at < count; at++) {
      worked += workedMs * 1000;
      look();
    }
  };
  used = 90 * MB;
  looks(6, 1200);
  assert.deepEqual([collected, used], [1, 60 * MB]);
  // What is in use for good is not collected again and again.
  looks(10, 10);
  assert.equal(collected, 1);
  inUse = 20 * MB;
  looks(2, 1200);
  looks(2, 10);
  assert.deepEqual([collected, used], [2, 20 * MB]);
});
