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
