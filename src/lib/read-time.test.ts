import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseMoment } from './read-time.ts';

const NOW = new Date(2026, 2, 1, 14, 3, 22).getTime();

test('a span of time is read in several units', () => {
  const read = ['30', '500ms', '1.5s', '5m', '5min', '1h 30m', '2D', '1w'].map(parseDuration);
  assert.deepEqual(read, [30_000, 500, 1500, 300_000, 300_000, 5_400_000, 172_800_000, 604_800_000]);
  assert.deepEqual(['', 'x', '5y', 's', '-5s', '1h30'].map(parseDuration), Array(6).fill(undefined));
});

test('a time is read as clock, date or span, before or after now', () => {
  const later = (text: string) => parseMoment(text, { now: NOW, isPast: false });
  const before = (text: string) => parseMoment(text, { now: NOW, isPast: true });
  assert.equal(later('14:30'), new Date(2026, 2, 1, 14, 30).getTime());
  assert.equal(later('2:05'), new Date(2026, 2, 2, 2, 5).getTime());
  assert.equal(before('14:30'), new Date(2026, 1, 28, 14, 30).getTime());
  assert.equal(before('2h'), NOW - 7_200_000);
  assert.equal(later('+10m'), NOW + 600_000);
  assert.equal(before('2026-02-01'), new Date(2026, 1, 1).getTime());
  assert.equal(later('2026-03-05 06:07'), new Date(2026, 2, 5, 6, 7).getTime());
  assert.equal(later('2026-03-05T06:07Z'), Date.UTC(2026, 2, 5, 6, 7));
  assert.equal(later('2026-03-05T06:07:08+02:00'), Date.UTC(2026, 2, 5, 4, 7, 8));
  assert.equal(later('now'), NOW);
  for (const text of ['', 'soon', '25:00', '2026-13-01', '5', '0 0 * * *'])
    assert.equal(later(text), undefined, text);
});
