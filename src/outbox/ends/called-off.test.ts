import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SentMessage } from '../../../test/support/fake-transport.ts';
import { TestOutbox } from '../../../test/support/test-outbox.ts';
import { statement } from '../../store/store.ts';
import { pruneLanes } from '../prune-lanes.ts';

function idOf({ headers }: SentMessage): string | undefined {
  return headers['Nats-Msg-Id'];
}

async function opened(t: TestContext): Promise<TestOutbox> {
  const made = await TestOutbox.start(t);
  await made.open();
  return made;
}

for (const [status, state] of [
  ['duplicate', 'succeeded'],
  ['expired', 'cancelled'],
] as const)
  test(`an effect that was cancelled, and whose answer is lost for good, is asked for: ${status}`, async (t) => {
    const made = await opened(t);
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
  const made = await opened(t);
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
    // However long it is away, while nothing waits behind it.
    await made.advance(3_700_000, 20_000);
    assert.equal(made.onDisk(), 1);
    if (words) made.outbox.peers.heardWords('ship1', words);
    asked.resolve();
    await made.advance(10_000);
    const again = made.transport.take();
    assert.deepEqual([...new Set(again.map(idOf))], words ? [id] : []);
    if (words) made.transport.answer('duplicate', again);
    else {
      const [next] = await made.enqueue(1);
      await made.advance(70_000, 1000);
      const sent = made.transport.take();
      assert.deepEqual([...new Set(sent.map(idOf))], [next]);
      made.transport.answer('accepted', sent);
    }
    await made.advance(1000);
    assert.equal(made.ended.filter((one) => one.id === id).at(-1)?.state, state);
    assert.equal(made.onDisk(), 0);
  });

test('what an earlier life of the node may have sent is asked for when it is cancelled, also behind the first', async (t) => {
  const made = await opened(t);
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
  const made = await opened(t);
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

test('a stranger is asked once a minute, also when messageTTL of what was called off is over', async (t) => {
  let asked = 0;
  const made = await TestOutbox.start(t, { messageTtlMs: 60_000, askWords: async () => void asked++ });
  await made.enqueue(1);
  made.transport.take();
  await made.advance(70_000, 1000);
  assert.deepEqual([made.states(), made.onDisk()], [{ expired: 1 }, 1]);
  await made.advance(300_000, 1000);
  assert.ok(asked >= 4 && asked <= 7, `it was asked ${asked} times`);
});

test('a stranger that was away when it was asked for its words is asked again, also behind other messages', async (t) => {
  let asked = 0;
  const made = await TestOutbox.start(t, { askWords: async () => void asked++ });
  const [id] = await made.enqueue(1);
  made.transport.take();
  const cancelled = made.outbox.undelivered.cancel({ id: id! }, 'cancelled before it was delivered');
  await made.advance(2500, 10);
  await cancelled;
  const [next] = await made.enqueue(1);
  await made.advance(200_000, 1000);
  assert.ok(asked > 2, `it was asked ${asked} times`);
  assert.deepEqual(made.transport.take(), []);
  made.outbox.peers.heardWords('ship1', 'state goodbye');
  await made.advance(70_000, 1000);
  const again = made.transport.take();
  assert.equal(idOf(again[0]!), id);
  made.transport.answer('duplicate', again);
  await made.advance(1000);
  made.transport.answer('accepted', made.transport.take());
  await made.advance(1000);
  assert.deepEqual(made.ended.map((one) => [one.id, one.state]).at(-1), [next, 'succeeded']);
  assert.equal(made.states().succeeded, 2);
});

test('an effect that newer ones take the place of one after the other, on its way, is asked for all the same', async (t) => {
  const made = await TestOutbox.start(t);
  made.outbox.peers.heardWords('ship1', 'state goodbye');
  const [id] = await made.enqueue(1, { supersedes: 'k' });
  made.transport.take();
  for (let newer = 0; newer < 2; newer++) {
    await made.enqueue(1, { supersedes: 'k' });
    await made.advance(600, 10);
  }
  await made.advance(2500, 10);
  assert.equal(made.states().superseded, 2);
  await made.advance(10_000);
  const again = made.transport.take();
  assert.equal(idOf(again[0]!), id);
  made.transport.answer('duplicate', again);
  await made.advance(1000);
  assert.equal(made.states().succeeded, made.onDisk() === 0 ? 2 : 1);
});

test('whether a cancellation arrived whose time is over is not asked for: nobody waits for that', async (t) => {
  const made = await TestOutbox.start(t, { messageTtlMs: 60_000 });
  await made.open();
  await made.enqueue(1, { subject: 'ship1.REQCancel.EventACK' });
  assert.equal(made.transport.take().length, 1);
  await made.advance(70_000, 1000);
  assert.deepEqual([made.states(), made.onDisk()], [{ succeeded: 1, expired: 1 }, 0]);
});
