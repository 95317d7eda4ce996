import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { RunResult } from '../../message/method-contract.ts';

/** A clock on which time passes while somebody looks, as on a busy machine. */
class BusyClock extends ManualClock {
  #passedMs = 0;

  override steadyNow(): number {
    this.#passedMs += 3;
    return super.steadyNow() + this.#passedMs;
  }
}

async function begin(t: TestContext, clock: ManualClock, schedule: unknown) {
  const run = async () => ({ state: 'succeeded', reply: Buffer.from('done\n') }) as const;
  const made = await TestJournal.open(t, { store: await tempStore(t), run, clock });
  const headers = { [HEADER.schedule]: JSON.stringify(schedule) };
  made.journal.receive(made.arrival(made.run, { seq: 1, id: 'id-1' }, { headers }), made.run);
  await made.settled();
  await clock.advance(0);
  await made.settled();
  return made;
}

test('the first run of an interval is due at once, however long its beginning takes', async (t) => {
  const made = await begin(t, new BusyClock(), [5, 20]);
  assert.equal(made.replies.length, 1);
});

test('a time that the clock is set to comes at once, and does not wait for the next look at it', async (t) => {
  const clock = new ManualClock();
  const made = await begin(t, clock, new Date(clock.wallNow() + 3_600_000).toISOString());
  await clock.advance(1000);
  clock.setBy(3_600_000);
  await clock.advance(0);
  await made.settled();
  assert.equal(made.replies.length, 1);
});

test('of many schedules that are due at once, some begin, and the others when these have ended or run on', async (t) => {
  const clock = new ManualClock();
  const begun: (() => void)[] = [];
  const run = () => new Promise<RunResult>((resolve) => begun.push(() => resolve({ state: 'succeeded' })));
  const made = await TestJournal.open(t, { store: await tempStore(t), run, clock });
  const headers = { [HEADER.schedule]: '[60, 240]' };
  for (let seq = 1; seq <= 200; seq++)
    made.journal.receive(made.arrival(made.run, { seq, id: `id-${seq}` }, { headers }), made.run);
  const settle = async () => {
    for (let round = 0; round < 20; round++) {
      await clock.advance(0);
      await made.settled();
    }
  };
  await settle();
  assert.equal(begun.length, 64);
  for (const end of begun.slice(0, 36)) end();
  await settle();
  assert.equal(begun.length, 100);
  await clock.advance(1000);
  await settle();
  assert.equal(begun.length, 164);
  await clock.advance(1000);
  await settle();
  assert.equal(begun.length, 200);
  for (const end of begun) end();
});
