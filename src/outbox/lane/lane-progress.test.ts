import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneProgress } from './lane-progress.ts';

/** A progress, of which something is asked or told at a time. */
function progressByTime(): (at: number, what: 'began' | 'answered' | 'ended' | 'take') => number | undefined {
  let now = 0;
  const progress = new LaneProgress(() => now);
  return (at, what) => {
    now = at;
    return progress[what]() ?? undefined;
  };
}

test('time counts from what went out to the last answer, and on while the next one is awaited', () => {
  const at = progressByTime();
  at(1000, 'began');
  assert.equal(at(3000, 'take'), 0, 'nobody has answered yet');
  at(4000, 'answered');
  at(6000, 'answered');
  assert.equal(at(7000, 'take'), 6000);
  at(7500, 'answered');
  at(7500, 'ended');
  assert.equal(at(60_000, 'take'), 500);
});

test('silence, and time in which nothing was to be sent, do not count', () => {
  const at = progressByTime();
  at(0, 'began');
  at(10, 'answered');
  at(10, 'ended');
  at(100_000, 'began');
  at(100_100, 'answered');
  at(100_100, 'ended');
  at(200_000, 'answered');
  assert.equal(at(200_000, 'take'), 110);
});
