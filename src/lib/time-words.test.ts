import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agoWords, clockWords, countWords, spanWords } from './time-words.ts';

const NOW = new Date(2026, 2, 1, 10, 40, 2).getTime();
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
