import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { KeptClock } from '../store/kept-clock.ts';
import type { Store } from '../store/store.ts';
import { LinkToday } from './link-today.ts';

const DAY = 86_400_000;

/** A life of a node that keeps its count with its clock. */
async function live(store: Store, clock: ManualClock) {
  const kept = await KeptClock.open({ store, shifts: [], clock });
  const totals = { inBytes: 0, outBytes: 0, sentBytes: [0, 0, 0] };
  const today = new LinkToday({ store, kept, totals: () => totals });
  kept.alongside = () => today.statements();
  return { kept, totals, today };
}

async function start(t: TestContext) {
  const store = await tempStore(t);
  // Shortly before midnight, wherever this runs.
  const clock = new ManualClock(new Date(2026, 2, 1, 23, 45).getTime());
  return { store, clock, ...(await live(store, clock)) };
}

test('bytes count for the day on which they went, by class', async (t) => {
  const { clock, kept, totals, today } = await start(t);
  Object.assign(totals, { inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  assert.deepEqual(today.look(), { day: '2026-03-01', inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  assert.deepEqual(today.look(), { day: '2026-03-01', inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  await clock.advance(DAY / 96);
  Object.assign(totals, { inBytes: 15, outBytes: 20, sentBytes: [1, 2, 4] });
  assert.deepEqual(today.look(), { day: '2026-03-02', inBytes: 5, outBytes: 0, sentBytes: [0, 0, 1] });
  await kept[Symbol.asyncDispose]();
});

test('a step of the clock begins no day', async (t) => {
  const { clock, kept, totals, today } = await start(t);
  totals.inBytes = 10;
  clock.setBy(3 * DAY);
  totals.inBytes = 30;
  assert.deepEqual([today.look().day, today.look().inBytes], ['2026-03-01', 30]);
  await kept[Symbol.asyncDispose]();
});

test('a count goes on after a restart, and is written down when the clock is, not for itself', async (t) => {
  const { store, clock, kept, totals } = await start(t);
  totals.outBytes = 7;
  const writes = t.mock.method(store, 'write');
  await clock.advance(500_000);
  assert.equal(writes.mock.callCount(), 0);
  await clock.advance(105_000);
  assert.equal(writes.mock.callCount(), 1);
  totals.outBytes = 9;
  await kept[Symbol.asyncDispose]();
  assert.equal(writes.mock.callCount(), 2);
  const again = await live(store, clock);
  again.totals.outBytes = 100;
  assert.equal(again.today.look().outBytes, 109);
  await again.kept[Symbol.asyncDispose]();
  await clock.advance(DAY);
  const tomorrow = await live(store, clock);
  assert.deepEqual([tomorrow.today.look().day, tomorrow.today.look().outBytes], ['2026-03-02', 0]);
  await tomorrow.kept[Symbol.asyncDispose]();
});
