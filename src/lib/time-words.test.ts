import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agoWords, clockWords, countWords, durationWords, shortDuration, spanWords } from './time-words.ts';

const NOW = new Date(2026, 2, 1, 10, 40, 2).getTime();
const LATER = new Date(2026, 2, 1, 14, 3, 22).getTime();
const HOUR = 3_600_000;

test('a span has one unit, and a digit more only where it is short', () => {
  const spans = [-5, 12.4, 999, 1000, 4230, 9_999, 59_999, 60_000, HOUR - 1, HOUR, 50 * HOUR];
  assert.deepEqual(spans.map(spanWords), [
    ...['0 ms', '12 ms', '999 ms', '1 s', '4.2 s', '10 s', '59 s', '1 min', '59 min', '1 h', '2 d'],
  ]);
});

test('what was a moment ago is now', () => {
  const times = [NOW + 500, NOW, NOW - 900, NOW - 4800, NOW - 3 * HOUR];
  assert.deepEqual(
    times.map((at) => agoWords(at, NOW)),
    ['now', 'now', 'now', '4 s ago', '3 h ago'],
  );
});

test('a time of another day has its date', () => {
  assert.equal(clockWords(NOW, NOW), '10:40:02');
  assert.equal(clockWords(NOW + 24 * HOUR, NOW), '2026-03-02 10:40');
});

test('one is no plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => countWords(count, 'attempt')),
    ['0 attempts', '1 attempt', '2 attempts'],
  );
});

test('a span of time is told in its two largest units', () => {
  const spans = [0, 840, 1234, 9960, 59_400, 59_600, 184_000, 3_600_000, 7_500_000, 183_600_000].map(
    durationWords,
  );
  const texts = [
    '0 ms',
    '840 ms',
    '1.2 s',
    '10 s',
    '59 s',
    '1 min',
    '3 min 4 s',
    '1 h',
    '2 h 5 min',
    '2 d 3 h',
  ];
  assert.deepEqual(spans, texts);
});

test('in columns a span of time has no spaces but the one between its units', () => {
  const spans = [0, 350, 1234, 12_345, 320_000, HOUR * 3 + 300_000, HOUR * 52, 120_000].map(shortDuration);
  assert.deepEqual(spans, ['0ms', '350ms', '1.2s', '12s', '5m 20s', '3h 5m', '2d 4h', '2m']);
});

test('a time is told with its day where that is another, and how long it is ago', () => {
  assert.equal(clockWords(LATER - 3600_000, LATER), '13:03:22');
  assert.equal(clockWords(LATER - 86_400_000, LATER), '2026-02-28 14:03');
  const agos = [0, 5400, 184_000, 7_500_000, 200_000_000].map((span) => agoWords(LATER - span, LATER));
  assert.deepEqual(agos, ['now', '5 s ago', '3 min ago', '2 h ago', '2 d ago']);
  assert.equal(agoWords(LATER + 184_000, LATER), 'in 3 min');
});
