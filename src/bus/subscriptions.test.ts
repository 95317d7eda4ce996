import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startBroker } from '../../test/support/broker.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { BusError } from './bus-error.ts';
import { type BusSubscription, Subscriptions, wideOf } from './subscriptions.ts';

function count(connection: NatsConnection): number {
  return (
    connection as unknown as { protocol: { subscriptions: { size(): number } } }
  ).protocol.subscriptions.size();
}

async function hear(url: string, signIn: { user?: string; pass?: string } = {}) {
  const connection = await connect({ servers: url, ...signIn });
  const heard: string[] = [];
  const subscriptions = new Subscriptions({
    bus: { flush: () => Promise.race([connection.flush(), connection.closed().then(() => {})]) },
    take: ({ subject }) => void heard.push(subject),
    dropped: () => {},
  });
  return { connection, heard, subscriptions };
}

test('what comes for the methods of a node is heard under one subscription for each kind, and for the rest nobody listens', async (t) => {
  const broker = await startBroker(t);
  const { connection, heard, subscriptions } = await hear(broker.url);
  t.after(() => connection.close());
  const first = ['ship1.REQPing.EventACK', 'ship1.REQToFile.EventACK', 'ship1.REQToFile.EventACK.from.>'];
  const listening = first.map((subject) => subscriptions.add(subject, () => {}));
  subscriptions.connected(connection);
  await Promise.all(listening.map((one) => one.ready()));
  assert.equal(count(connection), 2);
  const asker = await connect({ servers: broker.url });
  t.after(() => asker.close());
  const sent = [
    'ship1.REQToFile.EventACK.from.central',
    'ship1.REQPing.EventACK',
    'ship1.REQToFile.EventACK',
  ];
  for (const subject of sent) asker.publish(subject);
  await waitFor('all to come', () => heard.length === sent.length);
  assert.deepEqual(heard, sent);
  const ask = (subject: string) => asker.request(subject, '', { timeout: 10_000 });
  await assert.rejects(ask('ship1.REQOther.EventACK'), /no responders/i);
  listening[0]![Symbol.dispose]();
  await assert.rejects(ask('ship1.REQPing.EventACK'), /no responders/i);
  for (const one of listening) one[Symbol.dispose]();
  assert.equal(count(connection), 0);
});

test('where a broker allows single methods, or not all of them, each is heard by itself, and one that is refused says so', async (t) => {
  const allowed = 'ship1.REQPing.EventACK';
  const permissions = `{ publish: ">", subscribe: ["_INBOX.>", "${allowed}"] }`;
  const config = `authorization { users: [{ user: a, password: b, permissions: ${permissions} }] }`;
  const broker = await startBroker(t, { config, kind: 'nats-server' });
  const { connection, heard, subscriptions } = await hear(broker.url, { user: 'a', pass: 'b' });
  t.after(() => connection.close());
  subscriptions.connected(connection);
  const ping = subscriptions.add(allowed, () => {});
  const other = subscriptions.add('ship1.REQToFile.EventACK', () => {});
  await ping.ready();
  await assert.rejects(other.ready(), (error: BusError) => error.code === 'refused');
  const late = subscriptions.add('ship1.REQToConsole.EventACK', () => {});
  await assert.rejects(late.ready(), /does not allow to subscribe to ship1\.REQToConsole/);
  connection.publish(allowed);
  await waitFor('it to be heard', () => heard.length === 1);
});

test('a method that a broker denies among those of its kind is found, said, and heard by nobody; the others go on', async (t) => {
  const denied = 'ship1.REQToFile.EventACK';
  const permissions = `{ publish: ">", subscribe: { allow: ">", deny: "${denied}" } }`;
  const config = `authorization { users: [{ user: a, password: b, permissions: ${permissions} }, { user: c, password: d }] }`;
  const broker = await startBroker(t, { config, kind: 'nats-server' });
  const { connection, heard, subscriptions } = await hear(broker.url, { user: 'a', pass: 'b' });
  t.after(() => connection.close());
  subscriptions.connected(connection);
  for (const subject of ['ship1.REQPing.EventACK', denied, 'ship1.REQPing.CommandACK'])
    await subscriptions.add(subject, () => {}).ready();
  const asker = await connect({ servers: broker.url, user: 'c', pass: 'd' });
  t.after(() => asker.close());
  const ask = () => asker.request(denied, '', { timeout: 300 });
  assert.equal(await subscriptions.sound(), true);
  await connection.flush();
  await assert.rejects(ask(), /no responders/i);
  for (const subject of ['ship1.REQPing.EventACK', 'ship1.REQPing.CommandACK']) asker.publish(subject);
  await waitFor('the others to be heard', () => heard.length === 2);
  assert.equal(count(connection), 2);
  subscriptions.connected(connection);
  assert.equal(await subscriptions.sound(), true);
});

test('what a broker allows no more and then again is heard again on the same connection', async (t) => {
  const [subject, other] = ['ship1.REQPing.EventACK', 'a.Steward.State'];
  const config = (denied: string) =>
    `authorization { users: [{ user: a, password: b, permissions: { subscribe: { allow: ">", deny: [${denied}] } } }] }`;
  const broker = await startBroker(t, { config: config(''), kind: 'nats-server' });
  const { connection, heard, subscriptions } = await hear(broker.url, { user: 'a', pass: 'b' });
  t.after(() => connection.close());
  subscriptions.connected(connection);
  const listening = [subject, other].map((one) => subscriptions.add(one, () => {}));
  await Promise.all(listening.map((one) => one.ready()));
  await broker.reload(config('"ship1.>", "a.>", "b.>"'));
  const isRefused = (at: BusSubscription) =>
    at.ready().then(
      () => false,
      () => true,
    );
  await waitFor('both to be refused', async () =>
    (await Promise.all(listening.map(isRefused))).every(Boolean),
  );
  subscriptions.askAgain();
  assert.deepEqual(await Promise.all(listening.map(isRefused)), [true, true]);
  await broker.reload(config(''));
  subscriptions.askAgain();
  assert.deepEqual(await Promise.all(listening.map(isRefused)), [false, false]);
  for (const one of [subject, other]) connection.publish(one);
  await waitFor('both to be heard once', () => heard.length === 2);
});

test('a connection that ends while it is asked what the broker denies, or allows again, ends nothing else', async (t) => {
  const permissions = '{ subscribe: { deny: "a.Steward.State" } }';
  const config = `authorization { users: [{ user: a, password: b, permissions: ${permissions} }] }`;
  const broker = await startBroker(t, { config, kind: 'nats-server' });
  const { connection, subscriptions } = await hear(broker.url, { user: 'a', pass: 'b' });
  subscriptions.connected(connection);
  const state = subscriptions.add('a.Steward.State', () => {});
  subscriptions.askAgain();
  await assert.rejects(state.ready());
  for (const kind of ['EventACK', 'CommandACK'])
    await subscriptions.add(`ship1.REQPing.${kind}`, () => {}).ready();
  const sounding = subscriptions.sound();
  await connection.close();
  assert.equal(await sounding, false);
  subscriptions.askAgain();
});

test('names with dots, wildcards, questions and errors are heard by themselves', () => {
  const alone = [
    'a.b.REQPing.EventACK',
    '*.hub.REQRelay.EventACK',
    'a.Steward.State',
    'a.REQPing.EventACK.reply',
  ];
  for (const subject of [...alone, 'errorCentral.REQErrorLog.EventACK'])
    assert.equal(wideOf(subject), undefined);
  assert.equal(wideOf('a.REQPing.EventNACK.from.>'), 'a.*.EventNACK.from.>');
});
