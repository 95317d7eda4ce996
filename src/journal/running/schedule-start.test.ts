import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';

/** A clock on which time passes while somebody looks, as on a busy machine. */
class BusyClock extends ManualClock {
  #passedMs = 0;

  override steadyNow(): number {
    this.#passedMs += 3;
    return super.steadyNow() + this.#passedMs;
  }
}

test('the first run of an interval is due at once, however long its beginning takes', async (t) => {
  const clock = new BusyClock();
  const run = async () => ({ state: 'succeeded', reply: Buffer.from('done\n') }) as const;
  const made = await TestJournal.open(t, { store: await tempStore(t), run, clock });
  const headers = { [HEADER.schedule]: JSON.stringify([5, 20]) };
  made.journal.receive(made.arrival(made.run, { seq: 1, id: 'id-1' }, { headers }), made.run);
  await made.settled();
  await clock.advance(0);
  await made.settled();
  assert.equal(made.replies.length, 1);
});
