import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awayMs, LanePace } from './lane-pace.ts';

/** How long a lane waits after each of ten attempts that found nobody, ms. */
function pauses(laneCount: number, size = 300): number[] {
  const pace = new LanePace();
  return Array.from({ length: 10 }, (_, at) => {
    const now = 1_000_000 * at;
    pace.away(now, ...awayMs({ ackTimeoutMs: 10_000, size }, laneCount));
    return pace.waitMs(now);
  });
}

test('a lane asks soon, then once per ACKTimeout, whether somebody listens', () => {
  assert.deepEqual(pauses(500), [500, 1000, 2000, 4000, 8000, ...Array(5).fill(10_000)]);
  assert.equal(pauses(1, 100_000)[0], 50_000, 'a large message goes in vain less often');
});

test('of thousands of lanes each asks less often', () => {
  const [first, ...more] = pauses(10_000);
  assert.deepEqual([first, more[3], more.at(-1)], [10_000, 10_000, 100_000]);
});
