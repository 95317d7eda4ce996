import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { relayed } from '../support/relay-fleet.ts';

const [CENTRAL, SHIP1, SHIP2] = ['central.example.org', 'ship1.example.org', 'ship2.example.org'];

test('nodes named as hosts are, with dots, run commands for one another, also through a third', async (t) => {
  const broker = await startBroker(t);
  const start = (name: string) =>
    startStewardNode(
      { name, central: CENTRAL, broker, flags: { ...FAST_RECONNECT, startSubREQRelay: name === CENTRAL } },
      t,
    );
  const [central, ship1, ship2] = await Promise.all([start(CENTRAL), start(SHIP1), start(SHIP2)]);
  const plain = { method: 'REQCliCommand', methodArgs: ['echo', 'direct'], directory: 'd', fileName: 'f' };
  const [direct] = await submitAll(central, { ...plain, toNode: SHIP1 });
  const [via] = await submitAll(ship1, relayed('echo relayed', { toNode: SHIP2, relayViaNode: CENTRAL }));
  assert.equal((await waitForEnd(central, direct!)).state, 'succeeded');
  assert.equal((await waitForEnd(ship1, via!)).state, 'succeeded');
  await central.waitForFile(`d/${SHIP1}/f`, (text) => text === 'direct\n');
  for (const node of [central, ship1])
    await node.waitForFile(`relay/${SHIP2}/relay.log`, (text) => text === 'relayed\n');
  assert.equal(ship2.query('SELECT 1 FROM journal').length, 1);
});

test('an original node whose name has dots gets messages, and what it sends is taken', async (t) => {
  const broker = await startBroker(t);
  const peer = await startReferencePeer({ node: SHIP1, broker }, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const [id] = await submitAll(central, {
    ...{ toNode: SHIP1, method: 'REQCliCommand', methodArgs: ['echo', 'hello'] },
    ...{ directory: 'd', fileName: 'f' },
  });
  await central.waitForFile(`d/${SHIP1}/f`, (text) => text === 'hello\n');
  await waitForEnd(central, id!);
  assert.deepEqual(peer.faults, []);
});

test('a name with dots behind an original relay is refused at once, also where nothing was known of the relay', async (t) => {
  const broker = await startBroker(t);
  const relay = await startReferencePeer({ node: '*.central', broker, methods: ['REQRelay'] }, t);
  await startReferencePeer({ node: 'central', broker, methods: ['REQPing', 'REQErrorLog'] }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  const [id] = await submitAll(ship1, relayed('true', { toNode: SHIP2, relayViaNode: 'central' }));
  const { state, reason } = await waitForEnd(ship1, id!);
  assert.equal(state, 'rejected');
  assert.match(
    String(reason),
    /ship2\.example\.org has dots .* by way of central, which runs the original program/,
  );
  assert.deepEqual(relay.received, []);
});
