import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, numbers, Receiver, startSendingScene, states } from '../support/scripted-receiver.ts';
import { waitFor } from '../support/wait-for.ts';
import { placeOf } from '../support/wire-client.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';

test('one message asks who is there; then more are on their way, and at most 512', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const got = await client.gather(SUBJECT);
  await queue(800);
  await waitFor('the first', () => got.length === 1);
  await client.connection.flush();
  assert.equal(got.length, 1, 'nothing more until it is answered');
  client.answer(got[0]!, 'accepted');
  await waitFor('more than one', () => got.length > 5);
  assert.deepEqual([placeOf(got[0]!).floor, placeOf(got[5]!).floor], [1, 2]);
  for (let answered = 1, last = 1; last < 800; answered = last) {
    await waitFor('the next ones', () => got.length > answered);
    last = got.length;
    assert.ok(last - answered <= 512, `${last - answered} are on their way`);
    client.answer(got[last - 1]!, 'accepted', { 'Steward-Range': `${answered + 1}-${last}` });
  }
  await waitFor('all delivered', () => states(central).succeeded === 800);
  assert.deepEqual(got.map(lineOf), numbers(1, 800));
  assert.equal(new Set(got.map(({ headers }) => headers['Nats-Msg-Id'])).size, 800);
});

test('a gap is answered by everything from the place that is expected, in order', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const receiver = new Receiver(client);
  const lost = new Set<number>();
  await client.gather(SUBJECT, (wire) => {
    const { seq } = placeOf(wire);
    if (seq % 7 === 0 && !lost.has(seq)) lost.add(seq);
    else receiver.take(wire);
  });
  await queue(300);
  await waitFor('all delivered', () => states(central).succeeded === 300, { timeoutMs: 30_000 });
  assert.deepEqual(receiver.lines, numbers(1, 300));
  assert.ok(lost.size > 30);
});

test('without an answer one message is sent per ACKTimeout, and the window opens with the first answer', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const receiver = new Receiver(client);
  const got: { at: number; seq: number }[] = [];
  let isDeaf = false;
  await client.gather(SUBJECT, (wire) => {
    got.push({ at: performance.now(), seq: placeOf(wire).seq });
    if (!isDeaf) receiver.take(wire);
  });
  await queue(1);
  await waitFor('the first', () => states(central).succeeded === 1);
  isDeaf = true;
  await queue(20);
  await waitFor('the window and three probes', () => got.filter(({ seq }) => seq === 2).length === 4);
  const probes = got.slice(21);
  assert.deepEqual(
    probes.map(({ seq }) => seq),
    [2, 2, 2],
    'one message, and the oldest',
  );
  const gaps = probes.slice(1).map(({ at }, index) => at - probes[index]!.at);
  assert.ok(
    gaps.every((ms) => ms > 900 && ms < 2000),
    gaps.join(),
  );
  isDeaf = false;
  await waitFor('all delivered', () => states(central).succeeded === 21);
  assert.deepEqual(receiver.lines, numbers(1, 21));
});

test('a node that is away is asked for seldom, and is served at once when it says hello', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  await queue(50, { ACKTimeout: 60 });
  await waitFor('an attempt', () => states(central).sent === 1);
  // By now the pause between attempts grows towards 60 s, and only a sign of life ends it.
  await waitFor('three attempts', () => Number(central.ledger()[0]!.attempts) >= 3);
  const receiver = new Receiver(client);
  await client.gather(SUBJECT, (wire) => receiver.take(wire));
  const startedAt = performance.now();
  client.hello('central', 'ship1');
  await waitFor('all delivered', () => states(central).succeeded === 50);
  assert.ok(performance.now() - startedAt < 1500);
  assert.deepEqual(receiver.lines, numbers(1, 50));
});

test('a busy node is given time, and more of it each time', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const receiver = new Receiver(client);
  const at: number[] = [];
  await client.gather(SUBJECT, (wire) => {
    const first = placeOf(wire).seq === 1;
    if (first) at.push(performance.now());
    if (first && at.length <= 3) client.answer(wire, 'busy', { 'Steward-Reason': 'no space' });
    else receiver.take(wire);
  });
  await queue(5);
  await waitFor('all delivered', () => states(central).succeeded === 5);
  const gaps = at.slice(1).map((time, index) => time - at[index]!);
  assert.ok(gaps[0]! > 400 && gaps.every((ms) => ms < 5000), gaps.join());
  assert.ok(gaps[2]! > gaps[0]!, `the pause grows: ${gaps.join()}`);
  assert.deepEqual(receiver.lines, numbers(1, 5));
});

for (const [name, more] of [
  ['a duplicate in answer to a first attempt', {}],
  ['another message in a place of ours', { 'Steward-Seen-Id': '01890000-0000-7000-8000-000000000000' }],
] as const) {
  test(`${name} begins a new epoch, and all is sent again in order`, async (t) => {
    const { central, client, queue } = await startSendingScene(t);
    const receiver = new Receiver(client);
    const epochs = new Set<string>();
    await client.gather(SUBJECT, (wire) => {
      epochs.add(placeOf(wire).epoch);
      if (epochs.size === 1) client.answer(wire, 'duplicate', more);
      else receiver.take(wire);
    });
    await queue(30);
    await waitFor('all delivered', () => states(central).succeeded === 30);
    assert.equal(epochs.size, 2);
    assert.deepEqual(receiver.lines, numbers(1, 30));
  });
}

test('refused and expired messages end with the reason, and their successors arrive', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  await client.gather(SUBJECT, (wire) => {
    const { seq } = placeOf(wire);
    if (seq === 2) client.answer(wire, 'rejected', { 'Steward-Reason': 'never' });
    else if (seq === 3) client.answer(wire, 'expired', { 'Steward-Reason': 'late' });
    else client.answer(wire, 'accepted');
  });
  await queue(4);
  await waitFor('all ended', () => (states(central).succeeded ?? 0) >= 2 && states(central).expired === 1);
  const reasons = central
    .ledger()
    .slice(0, 4)
    .map(({ state, reason }) => [state, reason]);
  assert.deepEqual(reasons, [
    ['succeeded', null],
    ['rejected', 'never'],
    ['expired', 'late'],
    ['succeeded', null],
  ]);
});
