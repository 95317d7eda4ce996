import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeTransport } from '../../test/support/fake-transport.ts';
import { AnswerInbox } from './answer-inbox.ts';

const ALL = '*.*.*.reply.me.*';
const APPEND = 'ship1.REQToFileAppend.EventACK';
const COMMAND = 'ship1.REQCliCommand.CommandACK';

function start(...refused: string[]) {
  const bus = new FakeTransport();
  for (const subject of refused) bus.refused.add(subject);
  const inbox = new AnswerInbox({ nodeName: 'me', life: 'a1' }, bus);
  const heard: string[] = [];
  const listen = (subject: string) =>
    inbox.listen(subject, (answer) => void heard.push(`${subject}: ${answer.subject}`));
  return { bus, inbox, heard, listen };
}

test('one subscription hears the answers of thousands, each goes to whom it concerns, and it stays', async () => {
  const { bus, heard, listen } = start();
  const subjects = Array.from({ length: 2000 }, (_, at) => `made-up-${at}.REQPing.EventACK`);
  const all = await Promise.all([APPEND, ...subjects].map(listen));
  assert.deepEqual(bus.subscriptions, [ALL]);
  assert.equal(all[0]!.replyFor('t-1'), `${APPEND}.reply.me.t-1`);
  bus.deliver(`${APPEND}.reply.me.t-1`, {});
  bus.deliver('nobody.REQPing.EventACK.reply.me.t-1', {});
  assert.deepEqual(heard, [`${APPEND}: ${APPEND}.reply.me.t-1`]);
  for (const listening of all) listening[Symbol.dispose]();
  bus.deliver(`${APPEND}.reply.me.t-1`, {});
  assert.equal(heard.length, 1);
  assert.deepEqual(bus.subscriptions, [ALL]);
});

test('a relayed message has a token more, and a subscription of its own', async () => {
  const { bus, listen, heard } = start();
  const relayed = 'ship2.central.REQRelay.EventACK';
  await listen(relayed);
  await listen(APPEND);
  assert.deepEqual(bus.subscriptions, ['*.*.*.*.reply.me.*', ALL]);
  bus.deliver(`${relayed}.reply.me.t`, {});
  assert.deepEqual(heard, [`${relayed}: ${relayed}.reply.me.t`]);
});

test('where the broker refuses all, it grants a target, and where it refuses that, a subject', async () => {
  const { bus, listen } = start(ALL, 'ship2.*.*.reply.me.*');
  await listen(APPEND);
  await listen(COMMAND);
  const other = await listen('ship2.REQPing.EventACK');
  assert.deepEqual(bus.subscriptions, ['ship1.*.*.reply.me.*', 'ship2.REQPing.EventACK.reply.me.*']);
  other[Symbol.dispose]();
  assert.deepEqual(bus.subscriptions, ['ship1.*.*.reply.me.*'], 'what one alone used goes with it');
});

test('the subject that all senders share is the last resort, and without it there is an error', async () => {
  const own = [ALL, 'ship1.*.*.reply.me.*', `${APPEND}.reply.me.*`, `${COMMAND}.reply.me.*`];
  const { bus, listen, heard } = start(...own, `${COMMAND}.reply`);
  const listening = await listen(APPEND);
  assert.deepEqual([listening.isShared, listening.replyFor('t')], [true, `${APPEND}.reply`]);
  bus.deliver(`${APPEND}.reply`, {});
  assert.deepEqual(heard, [`${APPEND}: ${APPEND}.reply`]);
  await assert.rejects(listen(COMMAND), /not allowed/);
});

test('a refusal is asked about once in a connection, and again in the next', async () => {
  const { bus, inbox, listen } = start(ALL);
  await listen(APPEND);
  bus.refused.clear();
  await listen('ship2.REQPing.EventACK');
  assert.deepEqual(bus.subscriptions, ['ship1.*.*.reply.me.*', 'ship2.*.*.reply.me.*']);
  inbox.disconnected();
  assert.deepEqual(bus.subscriptions, []);
  await listen(APPEND);
  assert.deepEqual(bus.subscriptions, [ALL]);
});

test('where all was refused, all is asked for again: permissions may have been taken for a while alone', async () => {
  const { bus, listen } = start(ALL, 'ship1.*.*.reply.me.*', `${APPEND}.reply.me.*`, `${APPEND}.reply`);
  await assert.rejects(listen(APPEND), /not allowed/);
  bus.refused.delete(ALL);
  await listen(APPEND);
  assert.deepEqual(bus.subscriptions, [ALL]);
});

test('what the broker takes back names the subjects that need another way', async () => {
  const { bus, inbox, listen } = start();
  await listen(APPEND);
  await listen(COMMAND);
  assert.deepEqual(inbox.refused('other.reply.me.*'), []);
  assert.deepEqual(inbox.refused(ALL), [APPEND, COMMAND]);
  const listening = await listen(APPEND);
  assert.equal(listening.isShared, false);
  assert.deepEqual(bus.subscriptions, ['ship1.*.*.reply.me.*']);
});

test('what was allowed in an earlier connection is not waited for again', async () => {
  const { bus, inbox, listen } = start();
  let asked = 0;
  const subscribe = bus.subscribe.bind(bus);
  bus.subscribe = (...args) => {
    const made = subscribe(...args);
    const ready = async () => {
      asked++;
      await made.ready();
    };
    return { ready, [Symbol.dispose]: () => made[Symbol.dispose]() };
  };
  for (let n = 0; n < 2; n++) {
    await listen(APPEND);
    inbox.disconnected();
  }
  assert.equal(asked, 1);
  await listen(APPEND);
  assert.deepEqual(inbox.refused(ALL), [APPEND]);
  assert.equal((await listen(APPEND)).isShared, false);
  assert.equal(asked, 2);
});
