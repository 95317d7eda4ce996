import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, ago, until } from './times.ts';

const HOUR = 3_600_000;

test('ages are short, and below a minute they go in steps of ten seconds', () => {
  const now = 1_700_000_000_000;
  const ages = [0, 9_999, 10_000, 59_999, 60_000, HOUR - 1, HOUR, 47 * HOUR, 48 * HOUR, 900 * HOUR];
  assert.deepEqual(
    ages.map((ms) => age(now - ms, now)),
    ['now', 'now', '10s', '50s', '1m', '59m', '1h', '47h', '2d', '37d'],
  );
  assert.deepEqual([ago(null, now), ago(now, now), ago(now - HOUR, now)], ['never', 'now', '1h ago']);
  assert.deepEqual(
    [-1, 1, 4000, 300_000].map((ms) => until(now + ms, now)),
    ['now', 'in 1s', 'in 4s', 'in 5m'],
  );
});
