import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SentMessage } from '../../../test/support/fake-transport.ts';
import { failingStore, tempStore } from '../../../test/support/temp-store.ts';
import { TestOutbox } from '../../../test/support/test-outbox.ts';
import { statement } from '../../store/statement.ts';
import { pruneLanes } from '../prune-lanes.ts';

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

for (const [status, state] of [
  ['duplicate', 'succeeded'],
  ['expired', 'cancelled'],
] as const)
  test(`an effect that was cancelled, and whose answer is lost for good, is asked for: ${status}`, async (t) => {
    const { made } = await start(t);
    // Its budget is over before it is asked for.
    const [id] = await made.enqueue(1, { budgetMs: 5000 });
    made.transport.take();
    const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
    await made.advance(2500, 10);
    assert.equal(await cancelled, 1);
    assert.deepEqual([made.states().cancelled, made.outbox.undelivered.find({}, 10)], [1, []]);
    await made.advance(10_000);
    const again = made.transport.take();
    // It is over by any clock, so that no version begins with it.
    const { 'Steward-Not-After': end, 'Steward-Left': left } = again[0]!.headers;
    assert.deepEqual([idOf(again[0]!), end, left], [id, '1', undefined]);
    made.transport.answer(status, again);
    await made.advance(1000);
    assert.deepEqual([made.states()[state], made.onDisk()], [state === 'succeeded' ? 2 : 1, 0]);
    assert.equal(made.ended.filter((one) => one.id === id).at(-1)?.state, state);
  });

for (const [what, life, state] of [
  ['expiresIn', { expiresInMs: 3000 }, 'expired'],
  ['messageTTL', {}, 'expired'],
  ['its budget', { budgetMs: 3000 }, 'undelivered'],
] as const)
  test(`an effect whose time is over by ${what} while it may have arrived is asked for`, async (t) => {
    const made = await TestOutbox.start(t, { messageTtlMs: 60_000 });
    await made.open();
    const ids = await made.enqueue(2, life);
    made.transport.take();
    await made.advance(90_000);
    assert.deepEqual(made.states(), { succeeded: 1, [state]: 2 });
    for (const [index, status] of (['duplicate', 'expired'] as const).entries()) {
      await made.advance(30_000);
      const again = made.transport.take().slice(-1);
      assert.deepEqual([idOf(again[0]!), again[0]!.headers['Steward-Not-After']], [ids[index], '1']);
      made.transport.answer(status, again);
    }
    await made.advance(1000);
    assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 2, [state]: 1 }, 0]);
  });

test('what was called off is never sent where the target may be an original node', async (t) => {
  const { made } = await start(t);
  const [id] = await made.enqueue(1);
  made.transport.take();
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  await cancelled;
  const { store } = made;
  await made[Symbol.asyncDispose]();
  const again = await TestOutbox.start(t, { store });
  await again.advance(10_000);
  assert.deepEqual([again.transport.take(), again.onDisk(), again.states().cancelled], [[], 0, 1]);
});

test('an effect that was cancelled is asked for too where its node has named words, and not answered yet', async (t) => {
  const made = await TestOutbox.start(t);
  made.outbox.peers.heardWords('ship1', 'state goodbye');
  const [id] = await made.enqueue(1);
  made.transport.take();
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  await cancelled;
  await made.advance(10_000);
  const again = made.transport.take();
  assert.equal(idOf(again[0]!), id);
  made.transport.answer('duplicate', again);
  await made.advance(1000);
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 1 }, 0]);
});

for (const [words, state] of [
  ['state goodbye', 'succeeded'],
  [undefined, 'cancelled'],
] as const)
  test(`an effect that may be with a node of which nothing is known is asked for once that has named words: ${words}`, async (t) => {
    const asked = Promise.withResolvers<void>();
    const made = await TestOutbox.start(t, { askWords: () => asked.promise });
    const [id] = await made.enqueue(1);
    made.transport.take();
    const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
    await made.advance(2500, 10);
    await cancelled;
    assert.deepEqual([made.states(), made.transport.take()], [{ cancelled: 1 }, []]);
    if (words) made.outbox.peers.heardWords('ship1', words);
    asked.resolve();
    await made.advance(10_000);
    const again = made.transport.take();
    assert.deepEqual([...new Set(again.map(idOf))], words ? [id] : []);
    if (words) made.transport.answer('duplicate', again);
    await made.advance(1000);
    assert.deepEqual([made.states(), made.onDisk()], [{ [state]: 1 }, 0]);
  });

test('what an earlier life of the node may have sent is asked for when it is cancelled, also behind the first', async (t) => {
  const { made } = await start(t);
  made.outbox.peers.heardWords('ship1', 'state goodbye');
  const ids = await made.enqueue(3);
  assert.equal(made.transport.take().length, 3);
  const { store } = made;
  await made[Symbol.asyncDispose]();
  const again = await TestOutbox.start(t, { store });
  const cancelled = again.outbox.undelivered.cancel({ id: ids[2]! }, 'cancelled before it was delivered');
  await again.advance(2500, 10);
  assert.equal(await cancelled, 1);
  assert.deepEqual([again.states().cancelled, again.outbox.undelivered.find({ id: ids[2]! }, 10)], [1, []]);
  const asked: (string | undefined)[] = [];
  for (let round = 0; round < 6; round++) {
    const sent = again.transport.take();
    asked.push(...sent.map(({ headers }) => headers['Steward-Not-After']));
    if (sent.length > 0) again.transport.answer('duplicate', sent);
    await again.advance(1000);
  }
  assert.equal(asked.at(-1), '1');
  assert.deepEqual([again.states(), again.onDisk()], [{ succeeded: 4 }, 0]);
});

test('an effect in parts that was cancelled on its way is asked for without its body', async (t) => {
  const { made } = await start(t);
  made.outbox.peers.heardWords('ship1', 'state offset-parts');
  const body = Buffer.alloc(400_000, 'x');
  const [id] = await made.enqueue(1, { body });
  assert.ok(made.transport.take().every(({ headers }) => headers['Steward-Part']));
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  assert.equal(await cancelled, 1);
  await made.advance(10_000);
  const [again] = made.transport.take();
  const { 'Steward-Not-After': end, 'Steward-Part': part } = again!.headers;
  assert.deepEqual([idOf(again!), end, part, again!.payload.length < 200], [id, '1', undefined, true]);
  made.transport.answer('duplicate', [again!]);
  await made.advance(1000);
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 2 }, 0]);
  const last = made.ended.filter((one) => one.id === id).at(-1);
  assert.equal(last?.state, 'succeeded');
});

test('what was called off is asked for as long as the ledger keeps it, also when messageTTL is over', async (t) => {
  const made = await TestOutbox.start(t, { messageTtlMs: 60_000 });
  await made.open();
  const [first, second] = await made.enqueue(2);
  made.transport.take();
  for (const id of [first!, second!]) {
    const cancelled = made.outbox.undelivered.cancel({ id }, 'cancelled before it was delivered');
    await made.advance(2500, 10);
    assert.equal(await cancelled, 1);
  }
  await made.advance(120_000);
  assert.equal(made.onDisk(), 2);
  await made.store.write([statement('DELETE FROM ledger WHERE id = ?', first!)]);
  await pruneLanes(made.store, made.outbox.undelivered);
  assert.equal(made.onDisk(), 1);
  await made.advance(30_000);
  const again = made.transport.take().filter((one) => idOf(one) === second);
  assert.ok(again.length > 0);
  made.transport.answer('duplicate', again.slice(-1));
  await made.advance(1000);
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 2 }, 0]);
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
