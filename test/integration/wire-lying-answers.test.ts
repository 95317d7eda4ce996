import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbers, Receiver, startSendingScene, states } from '../support/scripted-receiver.ts';
import { waitFor } from '../support/wait-for.ts';
import { placeOf, type Wire } from '../support/wire-client.ts';

const SUBJECT = 'ship1.REQToFileAppend.EventACK';
const ALL = { 'Steward-Range': '1-4294967295' };

for (const status of ['accepted', 'duplicate', 'rejected', 'expired']) {
  test(`an answer "${status}" for more than was sent speaks for what was sent alone`, async (t) => {
    const { central, client, queue } = await startSendingScene(t);
    const receiver = new Receiver(client);
    let lies = 0;
    const lie = (wire: Wire) => {
      lies++;
      // A second attempt, for `duplicate` in answer to a first one means a restored backup.
      if (status === 'duplicate' && lies === 1) return;
      client.answer(wire, status, { ...ALL, 'Steward-Reason': 'a lie' });
      receiver.next = 2;
    };
    let hasLied = false;
    await client.gather(SUBJECT, (wire) => {
      if (placeOf(wire).seq === 1 && !hasLied) lie(wire);
      else receiver.take(wire);
      hasLied ||= receiver.next > 1;
    });
    await queue(1500);
    const wanted = status === 'accepted' || status === 'duplicate' ? 1500 : 1499;
    await waitFor('the others', () => states(central).succeeded === wanted, { timeoutMs: 30_000 });
    assert.deepEqual(receiver.lines, numbers(2, 1500), 'all of them were sent, in order');
    assert.deepEqual(central.query('SELECT * FROM outbox WHERE key < ?', 2 ** 33), []);
  });
}

test('answers that make no sense are neither obeyed nor a reason to flood the network', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const nonsense: [string, Record<string, string>][] = [
    ['accepted', { 'Steward-Range': 'x' }],
    ['accepted', { 'Steward-Range': '5-2' }],
    ['accepted', { 'Steward-Range': '30-40' }],
    ['gap', { 'Steward-Expects': 'x' }],
    ['gap', { 'Steward-Expects': '-3' }],
    ['gap', { 'Steward-Expects': '1' }],
    ['gap', { 'Steward-Expects': '4000000000' }],
    ['part', { 'Steward-Part': '1/3' }],
    ['part', { 'Steward-Part': '7/9' }],
    ['splendid', {}],
  ];
  const receiver = new Receiver(client);
  let got = 0;
  let isHonest = false;
  await client.gather(SUBJECT, (wire) => {
    got++;
    if (isHonest) return receiver.take(wire);
    for (const [status, headers] of nonsense) client.answer(wire, status, headers);
  });
  await queue(20);
  await waitFor('some attempts', () => got >= 3);
  const before = got;
  const startedAt = performance.now();
  await waitFor('a few seconds of nonsense', () => performance.now() - startedAt > 2500);
  assert.ok(got - before < 200, `${got - before} messages in 2.5 s`);
  isHonest = true;
  await waitFor('all delivered', () => states(central).succeeded === 20);
  assert.deepEqual(receiver.lines, numbers(1, 20));
});

test('answers to an older attempt count for what they say, and do not disturb the order', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const held: Wire[] = [];
  const receiver = new Receiver(client);
  let isHolding = false;
  await client.gather(SUBJECT, (wire) => {
    if (isHolding) held.push(wire);
    else receiver.take(wire);
  });
  await queue(1);
  await waitFor('the first', () => states(central).succeeded === 1);
  isHolding = true;
  await queue(10);
  await waitFor('a second attempt', () => held.length === 11);
  isHolding = false;
  assert.notEqual(held[0]!.reply, held[10]!.reply, 'each attempt has a reply subject of its own');
  // A gap said to the first attempt is about the past; an acceptance is true for ever.
  client.answer(held[9]!, 'gap', { 'Steward-Expects': '2' });
  receiver.next = 12;
  client.answer(held[9]!, 'accepted', { 'Steward-Range': '2-11' });
  await waitFor('all delivered', () => states(central).succeeded === 11);
  await queue(3);
  await waitFor('three more', () => states(central).succeeded === 14);
  assert.deepEqual(receiver.lines, [1, 12, 13, 14]);
});

test('a plain answer confirms one message, whatever was spoken before', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const receiver = new Receiver(client);
  let isRolledBack = false;
  const got = await client.gather(SUBJECT, (wire) => {
    if (isRolledBack) client.answerPlainly(wire);
    else receiver.take(wire);
  });
  await queue(1);
  await waitFor('the first', () => states(central).succeeded === 1);
  isRolledBack = true;
  await queue(20, { ACKTimeout: 2 });
  await waitFor('all', () => states(central).succeeded === 21);
  assert.equal(got.length, 21, 'each was sent once');
});

test('a node that became a reference node is served on, once it says hello', async (t) => {
  const { central, client, queue } = await startSendingScene(t);
  const receiver = new Receiver(client);
  let isReference = false;
  await client.gather(SUBJECT, (wire) => {
    if (isReference) client.answerPlainly(wire);
    else receiver.take(wire);
  });
  await queue(3);
  await waitFor('three', () => states(central).succeeded === 3);
  isReference = true;
  client.hello('central', 'ship1', { speaksLanes: false });
  await central.waitForFile('hello-messages/ship1/hello.log');
  await queue(3);
  await waitFor('six', () => states(central).succeeded === 6);
  isReference = false;
  client.hello('central', 'ship1');
  receiver.next = 7;
  await queue(50);
  await waitFor('all delivered', () => states(central).succeeded === 56);
  assert.deepEqual(receiver.lines, [1, 2, 3, ...numbers(7, 56)]);
});
