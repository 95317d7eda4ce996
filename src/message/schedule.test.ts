import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRunAt, parseSchedule, readSchedule, type Schedule, unschedulable } from './schedule.ts';

const START = new Date(2026, 10, 22, 16, 15, 10, 500).getTime();

function times(schedule: Schedule, count: number): (number | undefined)[] {
  const found: (number | undefined)[] = [];
  let after: number | undefined = START - 1;
  while (found.length < count && after !== undefined) {
    after = nextRunAt(schedule, { startedAt: START, after });
    found.push(after === undefined ? undefined : after - START);
  }
  return found;
}

function reasonOf(value: unknown): string {
  const reading = readSchedule(value);
  return reading.ok ? 'ok' : reading.reason;
}

test('an interval runs at once, and then as long as its total lasts', () => {
  assert.deepEqual(times([5, 15], 9), [0, 5000, 10_000, undefined]);
  assert.deepEqual(times([5, 16], 9), [0, 5000, 10_000, 15_000, undefined]);
  assert.deepEqual(times([5, 5], 9), [0, undefined]);
});

test('times that went by while nobody looked are left out', () => {
  assert.equal(nextRunAt([5, 60], { startedAt: START, after: START + 12_345 }), START + 15_000);
  assert.equal(nextRunAt([5, 60], { startedAt: START, after: START + 15_000 }), START + 20_000);
  assert.equal(nextRunAt([5, 60], { startedAt: START, after: START + 55_000 }), undefined);
});

test('a cron expression means local time, and may have seconds in front', () => {
  assert.deepEqual(times('*/20 * * * * *', 2), [9500, 29_500]);
  const next = nextRunAt('30 4 * * *', { startedAt: START, after: START });
  assert.equal(next, new Date(2026, 10, 23, 4, 30).getTime());
});

test('a time means one run, with a zone that of its zone, and without that of this machine', () => {
  const at = START + 60_000;
  assert.deepEqual(times(new Date(at).toISOString(), 3), [60_000, undefined]);
  assert.deepEqual(times('2026-11-22T16:30', 3), [
    new Date(2026, 10, 22, 16, 30).getTime() - START,
    undefined,
  ]);
  assert.deepEqual(times('2026-11-22T10:00', 3), [undefined]);
});

test('what is no schedule is refused with the reason', () => {
  assert.match(reasonOf([0, 5]), /1 second at least/);
  assert.match(reasonOf([5, 4]), /total of 4 s is less than the interval of 5 s/);
  for (const value of [[5], [5, 6, 7], [1.5, 5], ['5', '6'], [-1, 5], {}, 5, true, []])
    assert.match(reasonOf(value), /^must be \[interval, total\]/);
  assert.match(reasonOf('61 * * * *'), /"61 \* \* \* \*" is no cron expression: .*minute: 61/);
  assert.match(reasonOf('* * *'), /needs five fields/);
  assert.match(reasonOf('2026-01-01 00:00'), /needs five fields/);
  assert.match(reasonOf('2026-13-01T00:00'), /"2026-13-01T00:00" is no time/);
  assert.match(reasonOf('0 0 * * * * 2030'), /needs five fields/);
  assert.match(reasonOf('0 0 31 2 *'), /no date ever fits/);
  assert.match(reasonOf(''), /needs five fields/);
  assert.match(reasonOf(`* * * * ${'1,'.repeat(200)}1`), /more than 200 characters/);
});

test('a schedule is the same after it has travelled', () => {
  for (const value of [[5, 60], '*/5 * * * *', '@daily', '2026-11-22T17:00:00.000Z'])
    assert.deepEqual(parseSchedule(JSON.stringify(value)), value);
  assert.equal(readSchedule(' 0  4\t* * * ').ok, true);
  for (const text of ['', '{', '[5', '5', '"x"']) assert.equal(parseSchedule(text), undefined);
});

test('only methods that end by themselves have schedules', () => {
  assert.equal(unschedulable('REQCliCommand', { mode: 'run' }), undefined);
  assert.match(unschedulable('REQTailFile', { mode: 'run', isOpenEnded: true })!, /goes on by itself/);
  assert.match(unschedulable('REQCopyFileTo', { mode: 'run', isResumable: true })!, /goes on by itself/);
  assert.match(unschedulable('REQToFile', { mode: 'effect' })!, /is no method that is run/);
  assert.match(unschedulable('REQNew', undefined)!, /^REQNew is no method that is run/);
});
