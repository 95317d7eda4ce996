import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { KeptClock } from '../store/kept-clock.ts';
import { statement } from '../store/store.ts';
import { shiftOpen } from './open-requests.ts';

const HOUR = 3_600_000;

test('dates of what is open follow a clock that is set, so that ages stay, over restarts and failed writes too', async (t) => {
  const [store, clock] = [await tempStore(t), new ManualClock()];
  const rows = new LedgerRows(store);
  const open = () => KeptClock.open({ store, clock, times: [], dates: shiftOpen });
  const ageOf = (id: string, now: number) =>
    now - store.get<{ at: number }>('SELECT started_at AS at FROM ledger WHERE id = ?', id)!.at;
  let kept = await open();
  const add = (state: 'running' | 'failed') => {
    const at = kept.clock.wallNow();
    const ended_at = state === 'failed' ? at : null;
    return rows.add({ state, more: { queued_at: at, accepted_at: at, started_at: at, ended_at } });
  };
  const first = await add('running');
  const over = await add('failed');
  await clock.advance(60_000);
  clock.setBy(192 * HOUR);
  const second = await add('running');
  await kept.followed();
  assert.deepEqual(
    [first, second, over].map((id) => ageOf(id, kept.clock.wallNow())),
    [60_000, 0, 60_000 + 192 * HOUR],
  );
  clock.setBy(-193 * HOUR);
  const { write } = store;
  store.write = () => Promise.reject(new Error('the disk is full'));
  await kept.followed();
  store.write = write;
  await clock.advance(600_000);
  await kept.followed();
  assert.equal(ageOf(first, kept.clock.wallNow()), 660_000);
  await kept[Symbol.asyncDispose]();
  clock.setBy(2 * HOUR);
  await clock.advance(1000);
  kept = await open();
  await store.write([statement("UPDATE ledger SET state = 'accepted' WHERE id = ?", second)]);
  clock.setBy(-HOUR);
  await kept.followed();
  assert.deepEqual([ageOf(first, clock.wallNow()), ageOf(second, clock.wallNow())], [661_000, 601_000]);
  await kept[Symbol.asyncDispose]();
});
