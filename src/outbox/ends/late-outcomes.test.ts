import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SentMessage } from '../../../test/support/fake-transport.ts';
import { failingStore, tempStore } from '../../../test/support/temp-store.ts';
import { TestOutbox } from '../../../test/support/test-outbox.ts';

function idOf({ headers }: SentMessage): string | undefined {
  return headers['Nats-Msg-Id'];
}

/** An outbox whose outcomes cannot be written while `isFull` says so. */
async function start(t: Parameters<typeof tempStore>[0] & Parameters<typeof TestOutbox.start>[0]) {
  const disk = { isFull: false };
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const isOutcome = (sql: string) => sql.startsWith('UPDATE ledger') || sql.startsWith('DELETE FROM outbox');
  const store = failingStore(
    await tempStore(t),
    (statements) => disk.isFull && statements.some(({ sql }) => isOutcome(sql)),
  );
  const made = await TestOutbox.start(t, { store });
  await made.open();
  return { made, disk };
}

test('what was accepted is not called expired while that cannot be written down', async (t) => {
  const { made, disk } = await start(t);
  await made.enqueue(2, { expiresInMs: 5000 });
  disk.isFull = true;
  made.transport.answer('accepted', made.transport.take());
  await made.settled();
  disk.isFull = false;
  // The outcome is written in the second in which the time is over.
  for (let step = 0; step < 14; step++) await made.advance(500);
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 3 }, 0]);
  assert.deepEqual([...new Set(made.ended.map(({ state }) => state))], ['succeeded']);
});

test('a new epoch that begins while outcomes cannot be written takes nothing along that was accepted', async (t) => {
  const { made, disk } = await start(t);
  await made.enqueue(2);
  const [taken, foreign] = made.transport.take();
  disk.isFull = true;
  made.transport.answer('accepted', [taken!]);
  await made.settled();
  made.transport.answer('duplicate', [foreign!], { 'Steward-Seen-Id': 'another one' });
  await made.advance(3000);
  assert.deepEqual(made.transport.take(), []);
  disk.isFull = false;
  await made.advance(15_000);
  const again = made.transport.take();
  assert.deepEqual([...new Set(again.map(idOf))], [idOf(foreign!)]);
  assert.notEqual(again[0]!.epoch, foreign!.epoch);
  made.transport.answer('accepted', again);
  await made.settled();
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 3 }, 0]);
});

test('a cancellation waits for what the target says of a message that is on its way', async (t) => {
  const { made } = await start(t);
  const [id] = await made.enqueue(1);
  const sent = made.transport.take();
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.settled();
  made.transport.answer('accepted', sent);
  await made.advance(100, 10);
  assert.equal(await cancelled, 0);
  assert.deepEqual(made.states(), { succeeded: 2 });
});

test('an effect that was cancelled without an answer counts as made once the target says so', async (t) => {
  const { made } = await start(t);
  const [id] = await made.enqueue(1);
  const sent = made.transport.take();
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  assert.equal(await cancelled, 1);
  assert.deepEqual(made.states(), { succeeded: 1, cancelled: 1 });
  made.transport.answer('accepted', sent);
  await made.settled();
  assert.deepEqual(made.states(), { succeeded: 2 });
});

test('a node that may have sent more than its database knows gives new messages a new epoch, after the old ones', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const store = await tempStore(t);
  const first = await TestOutbox.start(t, { store });
  await first.open();
  const old = await first.enqueue(2);
  const { epoch } = first.transport.take()[0]!;
  await first[Symbol.asyncDispose]();
  const again = await TestOutbox.start(t, { store, isDoubtful: true });
  const fresh = await again.enqueue(2);
  const sent: { id: string | undefined; epoch: string }[] = [];
  for (let round = 0; round < 6; round++) {
    const some = again.transport.take();
    sent.push(...some.map((one) => ({ id: idOf(one), epoch: one.epoch })));
    if (some.length > 0) again.transport.answer('accepted', some);
    await again.advance(1000);
  }
  assert.deepEqual(
    sent.map(({ id }) => id),
    [...old, ...fresh],
  );
  assert.deepEqual(
    sent.map((one) => one.epoch === epoch),
    [true, true, false, false],
  );
  await again.enqueue(1, { subject: 'ship2.REQToFileAppend.EventACK' });
  await again.advance(1000);
  assert.deepEqual([again.states().succeeded, again.transport.take()[0]?.seq], [5, 1]);
});

test('a late word that a place is known does not tell of what was given up before a higher floor was told', async (t) => {
  const { made } = await start(t);
  // Of an effect it would be asked for; of what runs a report tells.
  const subject = 'ship1.REQCliCommand.CommandACK';
  const [late, passed] = [await made.enqueue(1, { subject, expiresInMs: 3000 }), made.transport.take()];
  await made.advance(4000);
  const state = () =>
    made.store.get<{ state: string }>('SELECT state FROM ledger WHERE id = ?', late[0]!)?.state;
  assert.equal(state(), 'expired');
  await made.enqueue(1, { subject });
  made.transport.answer('accepted', made.transport.take());
  made.transport.answer('duplicate', passed);
  await made.settled();
  assert.deepEqual([state(), made.onDisk()], ['expired', 0]);
});

test('that nobody listens says nothing of what went out before, while somebody may have', async (t) => {
  const { made } = await start(t);
  const [before] = await made.enqueue(1);
  const sent = made.transport.take();
  await made.enqueue(1);
  made.transport.nobodyListens(made.transport.take()[0]!);
  await made.settled();
  const cancelled = made.outbox.undelivered.cancel({ id: before! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  assert.equal(await cancelled, 1);
  await made.advance(30_000);
  const again = made.transport.take().filter((one) => idOf(one) === before);
  assert.deepEqual([idOf(sent[0]!), again[0]?.headers['Steward-Not-After']], [before, '1']);
  made.transport.answer('duplicate', again.slice(-1));
  await made.advance(1000);
  assert.equal(made.ended.filter(({ id }) => id === before).at(-1)?.state, 'succeeded');
});

test('lanes that were made for what the disk refused do not stay in memory', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const store = failingStore(await tempStore(t), (statements) => statements.length > 0);
  const made = await TestOutbox.start(t, { store });
  await assert.rejects(made.enqueue(1), /full/);
  assert.equal(made.outbox.lanes().length, 1);
  await made.advance(180_000, 10_000);
  assert.equal(made.outbox.lanes().length, 0);
});
