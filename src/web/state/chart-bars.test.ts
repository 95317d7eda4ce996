import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastDays, logLine, PARTS, partsOf, stackedBars } from './chart-bars.ts';

test('bars stand on each other, and the highest fills the chart', () => {
  const spans = [
    partsOf({ succeeded: 1, failed: 1, expired: 1, running: 1 }),
    partsOf({}),
    partsOf({ succeeded: 1 }),
  ];
  assert.deepEqual(spans[0], { succeeded: 1, failed: 2, other: 1 });
  assert.deepEqual(
    stackedBars(spans, PARTS).map(({ part, y, height }) => [part, y, height]),
    [
      ['succeeded', 0.75, 0.25],
      ['failed', 0.25, 0.5],
      ['other', 0, 0.25],
      ['succeeded', 0.75, 0.25],
    ],
  );
  assert.deepEqual(stackedBars([partsOf({})], PARTS), []);
});

test('a line is broken where nothing is known, and counts in tens', () => {
  assert.equal(logLine([1, 100, null, 10]), 'M0.1000 0.9800h.008L0.3500 0.0200M0.8500 0.5000h.008');
  assert.equal(logLine([null, null]), '');
});

test('a chart of days has a place for each day, known or not', () => {
  const day = { day: '2026-03-02', inBytes: 3, outBytes: 4, sent: { urgent: 0, normal: 0, bulk: 0 } };
  const days = lastDays([day], '2026-03-03');
  assert.deepEqual([days.length, days[0]!.day, days[12], days[13]!.inBytes], [14, '2026-02-18', day, 0]);
});
