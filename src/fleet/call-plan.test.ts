import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallSight, callEnd, nextCallAfter } from './call-plan.ts';

const HOUR = 3_600_000;
const SIX = new Date(2026, 2, 1, 6).getTime();

test('calls by a span come that long after the last one ended, by cron at their times', () => {
  assert.equal(nextCallAfter(SIX + 60_000, { everyMs: 6 * HOUR }), SIX + 60_000 + 6 * HOUR);
  assert.equal(nextCallAfter(SIX + 60_000, { cron: '0 6,18 * * *' }), SIX + 12 * HOUR);
  assert.equal(nextCallAfter(SIX - 1, { cron: '0 6,18 * * *' }), SIX);
});

test('a call ends when nothing came for a while, later over a long link, and later while something is to be said', () => {
  const end = (seconds: number, more: Partial<CallSight> = {}) =>
    callEnd({
      ...{ now: 100_000 + seconds * 1000, beganAt: 90_000, heardAt: 100_000, limitMs: 0 },
      ...{ roundTripMs: undefined, isBusy: false, ...more },
    });
  assert.deepEqual([end(11), end(12)], [undefined, 'drained']);
  assert.deepEqual([end(12, { roundTripMs: 1400 }), end(18, { roundTripMs: 1400 })], [undefined, 'drained']);
  assert.deepEqual([end(59, { isBusy: true }), end(60, { isBusy: true })], [undefined, 'drained']);
});

test('without a connection a call goes on until its time is over', () => {
  const end = (now: number, limitMs: number) =>
    callEnd({ now, beganAt: 0, heardAt: undefined, limitMs, roundTripMs: undefined, isBusy: false });
  assert.equal(end(HOUR, 0), undefined);
  assert.deepEqual([end(1199_000, 1_200_000), end(1_200_000, 1_200_000)], [undefined, 'limit']);
});
