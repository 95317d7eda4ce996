import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DueTimes, type Moment } from './due-times.ts';

const HOUR = 3_600_000;
/** A noon by local time, at which a schedule begins; the kept clock counts from elsewhere. */
const NOON = new Date(2026, 5, 10, 12).getTime();
const KEPT = 1_000_000;

/** The moment so long after noon, with the wall clock set by some ms. */
function moment(afterMs: number, stepMs = 0): Moment {
  return { wall: NOON + afterMs + stepMs, kept: KEPT + afterMs };
}

/** The time zone that the machine has now, where it is another than at the start. */
let zone: string | undefined;

function begin(schedule: string | readonly [number, number], expiresAt: number | null = null): DueTimes {
  return new DueTimes({ schedule, startedAt: KEPT, expiresAt }, moment(0), {
    from: 'before-now',
    zone: () => zone,
  });
}

/** How many times are due in each minute from one on to another, with the wall clock set. */
function dueIn(times: DueTimes, minutes: readonly [number, number], stepMs = 0): number[] {
  const [from, to] = minutes;
  return Array.from({ length: to - from }, (_, at) => times.take(moment((from + at) * 60_000, stepMs)).count);
}

test('an interval goes by the kept clock alone', () => {
  const times = begin([60, 600]);
  assert.deepEqual(dueIn(times, [0, 3]), [1, 1, 1]);
  assert.deepEqual(dueIn(times, [3, 6], -24 * HOUR), [1, 1, 1]);
  assert.deepEqual(dueIn(times, [6, 12], 24 * HOUR), [1, 1, 1, 1, 0, 0]);
  assert.equal(times.isOver(moment(600_000)), true);
});

test('after a step back of less than 3 h a time of the day that has run is not repeated', () => {
  const times = begin('30 12 * * *');
  assert.deepEqual(
    dueIn(times, [0, 40]).reduce((sum, count) => sum + count),
    1,
  );
  const repeated = dueIn(times, [40, 160], -HOUR).reduce((sum, count) => sum + count);
  assert.equal(repeated, 0);
  assert.equal(times.nextAt(moment(160 * 60_000, -HOUR)), NOON + 24.5 * HOUR);
});

test('after a step back an expression with a star for minute or hour goes on at once', () => {
  for (const expression of ['* * * * *', '*/1 12-13 * * *', '0 * * * * *']) {
    const times = begin(expression);
    dueIn(times, [0, 60]);
    assert.deepEqual(dueIn(times, [61, 64], -2 * HOUR + 60_000 * 60).slice(1), [1, 1], expression);
  }
});

test('after a step back of more than 3 h the new time counts', () => {
  const times = begin('30 12 * * *');
  dueIn(times, [0, 40]);
  const again = dueIn(times, [40, 24 * 60], -4 * HOUR).reduce((sum, count) => sum + count);
  assert.equal(again, 1);
});

test('what is due after a long sleep is counted, and how late its first time is', () => {
  const times = begin([60, 36_000]);
  times.take(moment(0));
  assert.deepEqual(times.take(moment(10 * 60_000 + 5000)), { count: 10, lateMs: 9 * 60_000 + 5000 });
  const cron = begin('0 * * * *');
  cron.take(moment(0));
  assert.deepEqual(cron.take(moment(7 * HOUR)), { count: 7, lateMs: 6 * HOUR });
  assert.deepEqual(cron.take(moment(7 * HOUR)), { count: 0, lateMs: 0 });
});

test('no time is due after the end of its life, which a clock that is set does not move', () => {
  const times = begin('* * * * *', KEPT + 150_000);
  assert.deepEqual(dueIn(times, [0, 2]), [1, 1]);
  assert.equal(times.isOver(moment(60_000, 10 * HOUR)), false);
  assert.deepEqual(dueIn(times, [2, 5], -HOUR), [1, 0, 0]);
  assert.equal(times.isOver(moment(300_000, -HOUR)), true);
  assert.equal(times.nextAt(moment(300_000, -HOUR)), undefined);
});

test('a time zone that the machine gets while it runs is followed', (t) => {
  t.after(() => {
    zone = undefined;
  });
  const times = begin('30 12 * * *');
  assert.equal(times.nextAt(moment(0)), NOON + 30 * 60_000);
  zone = 'Asia/Tokyo';
  times.take(moment(60_000));
  const inTokyo = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' });
  assert.equal(inTokyo.format(times.nextAt(moment(60_000))), '12:30');
});
