import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, ago, byteCount, clock, duration, until } from './times.ts';

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

test('lengths of time and numbers of bytes are shown in the unit that fits', () => {
  assert.deepEqual([0, 350, 1234, 12_345, 320_000, HOUR * 3 + 300_000, HOUR * 52, 120_000].map(duration), [
    '0ms',
    '350ms',
    '1.2s',
    '12s',
    '5m 20s',
    '3h 5m',
    '2d 4h',
    '2m',
  ]);
  assert.deepEqual([0, 999, 1000, 1234, 999_400, 999_600, 64_000_000, 5e12].map(byteCount), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '999 kB',
    '1.0 MB',
    '64 MB',
    '5.0 TB',
  ]);
});

test('a time of another day has its date', () => {
  const now = new Date(2031, 4, 17, 14, 2, 11).getTime();
  assert.equal(clock(now, now), '14:02:11');
  assert.equal(clock(new Date(2031, 4, 7, 8, 30).getTime(), now), 'May  7 08:30');
});
