import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneProgress } from './lane-progress.ts';

test('time counts from what went out to the last answer, and on while the next one is awaited', () => {
  const progress = new LaneProgress();
  progress.began(1000);
  assert.equal(progress.take(3000), 0, 'nobody has answered yet');
  progress.answered(4000);
  progress.answered(6000);
  assert.equal(progress.take(7000), 6000);
  progress.answered(7500);
  progress.ended();
  assert.equal(progress.take(60_000), 500);
});

test('silence, and time in which nothing was to be sent, do not count', () => {
  const progress = new LaneProgress();
  progress.began(0);
  progress.answered(10);
  progress.ended();
  progress.began(100_000);
  progress.answered(100_100);
  progress.ended();
  progress.answered(200_000);
  assert.equal(progress.take(200_000), 110);
});
