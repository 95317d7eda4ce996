import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import type { Clock } from '../lib/clock.ts';
import { outboxTimes } from '../outbox/lane/lane-rows.ts';
import { KeptClock } from './kept-clock.ts';
import { type Store, statement } from './store.ts';

const HOUR = 3_600_000;
const BODY = "5000, 0, x'01')";

/** A store with a message that lives for an hour, by a kept clock that has just begun. */
async function start(t: TestContext) {
  const clock = new ManualClock();
  const store = await tempStore(t);
  const kept = await KeptClock.open({ store, times: [outboxTimes], clock });
  const sql = `INSERT INTO outbox (key, id, queued_at, expires_at, ack_timeout, format, body) VALUES (1, 'a', ?, ?, ${BODY}`;
  await store.write([statement(sql, kept.now(), kept.now() + HOUR)]);
  return { clock, store, kept };
}

/** How long the message still lives by a kept clock, ms. */
function leftMs(store: Store, kept: KeptClock): number {
  return store.get<{ at: number }>('SELECT expires_at AS at FROM outbox')!.at - kept.now();
}

/** The clock of the next boot of the machine. */
function rebooted(clock: ManualClock, offMs: number): Clock {
  const next = new ManualClock(clock.wallNow() + offMs);
  return Object.assign(next, { steadyOrigin: 'another boot' });
}

test('a clock that is set changes no life, and dates follow it', async (t) => {
  const { clock, store, kept } = await start(t);
  await clock.advance(60_000);
  clock.setBy(30 * 24 * HOUR);
  assert.equal(leftMs(store, kept), HOUR - 60_000);
  assert.equal(kept.toWall(kept.now()), clock.wallNow());
  await kept[Symbol.asyncDispose]();
});

test('after a restart on the same boot time has gone on, and what is on disk is by the wall clock again', async (t) => {
  const { clock, store, kept } = await start(t);
  clock.setBy(30 * 24 * HOUR);
  await kept[Symbol.asyncDispose]();
  await clock.advance(600_000);
  clock.setBy(-HOUR);
  await using again = await KeptClock.open({ store, times: [outboxTimes], clock });
  assert.equal(leftMs(store, again), HOUR - 600_000);
  assert.equal(again.now(), clock.wallNow());
});

test('after another boot the wall clock says how long the machine was off, and a clock in the past that it was not', async (t) => {
  const { clock, store, kept } = await start(t);
  await kept[Symbol.asyncDispose]();
  {
    await using again = await KeptClock.open({
      store,
      times: [outboxTimes],
      clock: rebooted(clock, 600_000),
    });
    assert.equal(leftMs(store, again), HOUR - 600_000);
  }
  await using past = await KeptClock.open({
    store,
    times: [outboxTimes],
    clock: rebooted(clock, -365 * 24 * HOUR),
  });
  assert.equal(leftMs(store, past), HOUR - 600_000);
});

test('an idle node wakes every ten minutes, and a step that came meanwhile is written before what is queued then', async (t) => {
  const clock = new ManualClock();
  const store = await tempStore(t);
  const kept = await KeptClock.open({ store, times: [outboxTimes], clock });
  await clock.advance(20_000);
  assert.ok(clock.nextInMs! > 500_000, `it looks in ${clock.nextInMs} ms`);
  clock.setBy(30 * 24 * HOUR);
  const sql = `INSERT INTO outbox (key, id, queued_at, expires_at, ack_timeout, format, body) VALUES (1, 'a', ?, ?, ${BODY}`;
  await store.write([statement(sql, kept.now(), kept.now() + HOUR)]);
  assert.equal(clock.nextInMs, 5000);
  await using again = await KeptClock.open({ store, times: [outboxTimes], clock: rebooted(clock, 20_000) });
  assert.equal(leftMs(store, again), HOUR - 20_000);
  await kept[Symbol.asyncDispose]();
});

test('a step of the wall clock is written down soon, so that a power cut does not take it for time that passed', async (t) => {
  const { clock, store, kept } = await start(t);
  let setTimes = 0;
  kept.onSet(() => setTimes++);
  await clock.advance(10_000);
  clock.setBy(30 * 24 * HOUR);
  await clock.advance(5000);
  assert.equal(setTimes, 1);
  await store.write([]);
  await using again = await KeptClock.open({ store, times: [outboxTimes], clock: rebooted(clock, 20_000) });
  assert.equal(leftMs(store, again), HOUR - 35_000);
});

test('what is dated seems no older by a clock that was set forth, also after a restart, until that is longer ago than it is kept', async (t) => {
  const { clock, store, kept } = await start(t);
  const [days30, days60] = [30 * 24 * HOUR, 60 * 24 * HOUR];
  assert.equal(kept.aheadMs(days30), 0);
  clock.setBy(days60);
  assert.equal(kept.aheadMs(days30), days60);
  await kept[Symbol.asyncDispose]();
  await clock.advance(HOUR);
  {
    await using again = await KeptClock.open({ store, times: [outboxTimes], clock });
    assert.equal(again.aheadMs(days30), days60);
    clock.setBy(-days60);
    assert.equal(again.aheadMs(days30), 0);
    clock.setBy(days60);
    await again.followed();
  }
  await clock.sleep(days30);
  await using last = await KeptClock.open({ store, times: [outboxTimes], clock });
  assert.equal(last.aheadMs(days30), 0);
  assert.equal(last.aheadMs(days60), days60);
});
