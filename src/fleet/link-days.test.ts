import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { KeptClock } from '../store/kept-clock.ts';
import type { Store } from '../store/store.ts';
import { LinkDays } from './link-days.ts';

const DAY = 86_400_000;

/** A life of a node that keeps its count with its clock. */
async function live(store: Store, clock: ManualClock) {
  const kept = await KeptClock.open({ store, times: [], clock });
  const totals = { inBytes: 0, outBytes: 0, sentBytes: [0, 0, 0] };
  const days = new LinkDays('ship1', { store, clock, totals: () => totals });
  kept.alongside = () => days.statements();
  return { kept, totals, days };
}

async function start(t: TestContext) {
  const store = await tempStore(t);
  // Shortly before midnight, wherever this runs.
  const clock = new ManualClock(new Date(2026, 2, 1, 23, 45).getTime());
  return { store, clock, ...(await live(store, clock)) };
}

/** What is known of the days of a node, in short. */
function sums(days: LinkDays, node = 'ship1', count = 31): [string, number, number][] {
  return days.of(node, count).map(({ day, inBytes, outBytes }) => [day, inBytes, outBytes]);
}

test('bytes count for the day on which they went, by class', async (t) => {
  const { clock, kept, totals, days } = await start(t);
  Object.assign(totals, { inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  assert.deepEqual(days.look(), { day: '2026-03-01', inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  assert.deepEqual(days.look(), { day: '2026-03-01', inBytes: 10, outBytes: 20, sentBytes: [1, 2, 3] });
  await clock.advance(DAY / 96);
  Object.assign(totals, { inBytes: 15, outBytes: 20, sentBytes: [1, 2, 4] });
  assert.deepEqual(days.look(), { day: '2026-03-02', inBytes: 5, outBytes: 0, sentBytes: [0, 0, 1] });
  assert.deepEqual(sums(days), [
    ['2026-03-01', 10, 20],
    ['2026-03-02', 5, 0],
  ]);
  assert.deepEqual(days.told(), ['2026-03-02', 5, 0, 10, 20]);
  await kept[Symbol.asyncDispose]();
});

test('a clock that is set forth and back goes on with the days as they were left', async (t) => {
  const { clock, kept, totals, days } = await start(t);
  totals.inBytes = 10;
  days.look();
  clock.setBy(3 * DAY);
  totals.inBytes = 30;
  assert.equal(days.look().inBytes, 20);
  await kept.save();
  clock.setBy(-3 * DAY);
  totals.inBytes = 31;
  assert.deepEqual([days.look().day, days.look().inBytes], ['2026-03-01', 11]);
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
  assert.equal(again.days.look().outBytes, 109);
  await again.kept[Symbol.asyncDispose]();
  await clock.advance(DAY);
  const tomorrow = await live(store, clock);
  assert.deepEqual([tomorrow.days.look().day, tomorrow.days.look().outBytes], ['2026-03-02', 0]);
  await tomorrow.kept[Symbol.asyncDispose]();
});

test('31 days are kept, and a clock that is set far does not forget them', async (t) => {
  const { store, clock, kept, totals, days } = await start(t);
  for (let day = 0; day < 40; day++) {
    totals.inBytes += 1;
    days.look();
    await clock.advance(DAY);
  }
  await kept.save();
  const count = () => store.get<{ n: number }>('SELECT count(*) AS n FROM link_days')?.n;
  assert.equal(count(), 32);
  assert.equal(sums(days).length, 31);
  for (const yearMs of [-30 * 365 * DAY, 60 * 365 * DAY]) {
    clock.setBy(yearMs);
    days.look();
    await kept.save();
    clock.setBy(-yearMs);
  }
  days.look();
  await kept.save();
  assert.equal(sums(days).length, 31);
  await kept[Symbol.asyncDispose]();
});

test('what nodes tell of their links is kept by their days, until they are forgotten', async (t) => {
  const { store, days, kept } = await start(t);
  await store.write(days.heard('ship2', ['2026-03-01', 100, 200, 30, 40]));
  await store.write(days.heard('ship2', ['2026-03-02', 5, 6, 110, 210]));
  assert.deepEqual(sums(days, 'ship2'), [
    ['2026-02-28', 30, 40],
    ['2026-03-01', 110, 210],
    ['2026-03-02', 5, 6],
  ]);
  assert.equal(days.of('ship2', 1)[0]?.sentBytes, null);
  for (const told of [null, ['1970-01-01', 1, 1], ['2026-03-77', 1, 1]] as const)
    assert.deepEqual(days.heard('ship2', told), []);
  assert.deepEqual(days.heard('ship1', ['2026-03-01', 1, 1]), []);
  await store.write([days.forgotten('ship2')]);
  assert.deepEqual(sums(days, 'ship2'), []);
  await kept[Symbol.asyncDispose]();
});
