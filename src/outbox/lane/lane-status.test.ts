import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestOutbox } from '../../../test/support/test-outbox.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';

test('a lane tells what it holds, what it waits for, and when it tries again', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(3);
  const queuedAt = TestOutbox.now();
  assert.deepEqual(made.outbox.lane(SUBJECT), {
    ...{ subject: SUBJECT, toNode: 'ship1', method: 'REQToFileAppend', queued: 3, oldestQueuedAt: queuedAt },
    ...{ attempts: 1, nextAttemptAt: null, waitsFor: 'the answer of ship1' },
  });
  made.transport.nobodyListens(made.transport.take()[0]!);
  const away = made.outbox.lane(SUBJECT);
  const waitsFor = 'ship1, where nobody listens for REQToFileAppend';
  assert.deepEqual([away?.nextAttemptAt, away?.waitsFor], [queuedAt + 500, waitsFor]);
  made.transport.isConnected = false;
  assert.deepEqual(
    [made.outbox.lane(SUBJECT)?.nextAttemptAt, made.outbox.lane(SUBJECT)?.waitsFor],
    [null, 'a connection to the broker'],
  );
  assert.equal(made.outbox.lane('ship2.REQPing.EventACK'), undefined);
});

test('a lane that is not answered, or told to wait, says so', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(1);
  await made.advance(5500);
  assert.equal(made.outbox.lane(SUBJECT)?.waitsFor, 'ship1, which left 1 attempt unanswered');
  made.transport.answer('busy', made.transport.take().slice(-1), { 'Steward-Reason': 'no room' });
  assert.equal(made.outbox.lane(SUBJECT)?.waitsFor, 'ship1, which is busy: no room');
});

test('a lane that the broker does not let send says which permission is missing, until it is answered', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(2);
  made.outbox.refused('publish', SUBJECT);
  await made.advance(5500);
  const missing = `permission at the broker to publish to ${SUBJECT}`;
  assert.equal(made.outbox.lane(SUBJECT)?.waitsFor, missing);
  made.transport.answer('busy', made.transport.take().slice(-1), { 'Steward-Reason': 'no room' });
  assert.notEqual(made.outbox.lane(SUBJECT)?.waitsFor, missing);
});

test('a lane without messages waits for nothing', async (t) => {
  const made = await TestOutbox.start(t);
  await made.open();
  const { queued, oldestQueuedAt, waitsFor } = made.outbox.lane(SUBJECT)!;
  assert.deepEqual({ queued, oldestQueuedAt, waitsFor }, { queued: 0, oldestQueuedAt: null, waitsFor: null });
});

test('messages are ended by their keys, and it is known whether they may have arrived', async (t) => {
  const made = await TestOutbox.start(t);
  await made.enqueue(2);
  const keys = made.store.all<{ key: number }>('SELECT key FROM outbox').map(({ key }) => key);
  made.transport.nobodyListens(made.transport.take()[0]!);
  const first = await cancelled(made, keys.slice(0, 1));
  assert.deepEqual([first.get(keys[0]!)?.attempts, first.get(keys[0]!)?.mayHaveArrived], [1, false]);
  // The second one is sent now, and not answered.
  await made.advance(1000);
  assert.equal(made.transport.take().length, 1);
  const second = await cancelled(made, [...keys, 12345]);
  assert.deepEqual([...second.keys()], keys.slice(1));
  assert.equal(second.get(keys[1]!)?.mayHaveArrived, true);
  assert.deepEqual(made.states(), { cancelled: 2 });
  assert.equal(made.onDisk(), 0);
});

async function cancelled(made: TestOutbox, keys: readonly number[]) {
  const done = made.outbox.undelivered.cancelKeys(keys, 'not wanted');
  // What is on its way may still be answered.
  for (let look = 0; look < 201; look++) await made.advance(10);
  await made.settled();
  return await done;
}
