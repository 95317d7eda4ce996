import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeUserKey } from '../../src/lib/nkey.ts';
import { fleetUsers, parseRelay } from '../../src/security/fleet-users.ts';
import { natsConfig } from '../../src/security/nats-config.ts';
import { assertSame, copyRequest, makeFile } from '../support/copying.ts';
import { errorLog, submitAll, waitForEnd } from '../support/fleet.ts';
import { publishFault, startKeyedBroker, subscribeFault } from '../support/keyed-fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { RESULT, relayed } from '../support/relay-fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const VIOLATION = /Permissions Violation/i;

function command(toNode: string, script: string, more: object = {}) {
  const place = { directory: 'd', fileName: 'f', ACKTimeout: 2, methodTimeout: 10 };
  return { toNode, method: 'REQCliCommand', methodArgs: ['bash', '-c', script], ...place, ...more };
}

function refusals(node: StewardNode): unknown[] {
  return node
    .logLines()
    .map(({ msg }) => String(msg))
    .filter((msg) => /does not allow|violation/i.test(msg));
}

async function ends(node: StewardNode, messages: object[]): Promise<unknown[]> {
  const ids = await submitAll(node, messages);
  const rows = await Promise.all(ids.map((id) => waitForEnd(node, id, 20_000)));
  return rows.map(({ state }) => state);
}

test('a node works with the central one in both directions and in every way, and nothing is refused', async (t) => {
  const { start } = await startKeyedBroker(t, { nodes: ['ship1', 'ship2'] });
  const central = await start('central', { startPubREQHello: 1 });
  const ship1 = await start('ship1', { startPubREQHello: 1 });
  assert.deepEqual(await ends(central, [command('ship1', 'echo down'), command('ship1', 'exit 3')]), [
    'succeeded',
    'failed',
  ]);
  assert.equal(await central.waitForFile('d/ship1/f'), 'down\n');
  assert.deepEqual(await ends(ship1, [command('central', 'echo up'), command('ship1', 'echo own')]), [
    'succeeded',
    'succeeded',
  ]);
  assert.equal(await ship1.waitForFile('d/central/f'), 'up\n');
  await waitFor('the error of ship1', async () => (await errorLog(central)).includes('exit status 3'));
  await central.waitForFile('hello-messages/ship1/hello.log');
  const continuous = command('ship1', 'seq 200000', { method: 'REQCliCommandCont', directory: 'seq' });
  assert.deepEqual(await ends(central, [continuous]), ['succeeded']);
  const [source, target] = [join(central.folder, 'source'), join(ship1.folder, 'target')];
  await makeFile(source, 3_000_000, 0o600);
  assert.deepEqual(await ends(central, [copyRequest(source, target)]), ['succeeded']);
  await assertSame(target, source);
  const back = join(central.folder, 'back');
  assert.deepEqual(await ends(central, [copyRequest(target, back, { from: 'ship1', to: 'central' })]), [
    'succeeded',
  ]);
  await assertSame(back, source);
  for (const node of [central, ship1]) assert.deepEqual(refusals(node), [], node.name);
});

test('a second node with the same name and key is refused by the first', async (t) => {
  const { start } = await startKeyedBroker(t, { nodes: ['ship1'] });
  const ship1 = await start('ship1');
  await assert.rejects(start('ship1'), /another node named ship1 runs already/);
  assert.equal(ship1.program.exit, undefined);
});

test('ship1 cannot send to ship2: the message stays undelivered, and central hears of it', async (t) => {
  const { start } = await startKeyedBroker(t, { nodes: ['ship1', 'ship2'] });
  const [central, ship1, ship2] = (await Promise.all(
    ['central', 'ship1', 'ship2'].map((name) => start(name)),
  )) as [StewardNode, StewardNode, StewardNode];
  const across = command('ship2', 'touch here', { ACKTimeout: 1, retries: 2 });
  assert.deepEqual(await ends(ship1, [across]), ['undelivered']);
  assert.deepEqual(ship2.query('SELECT * FROM journal'), []);
  const complaint = 'does not allow this node to subscribe to ship2.REQCliCommand.CommandACK.reply';
  await waitFor('a complaint', async () => (await errorLog(central)).includes(complaint));
});

test("with ship1's key nobody reaches, hears or plays another node", async (t) => {
  const { attacker } = await startKeyedBroker(t, {
    nodes: ['ship1', 'ship2'],
    relays: ['ship2:central:ship1'],
  });
  const { connection } = await attacker('ship1');
  const forbiddenToPublish = [
    'ship2.REQCliCommand.CommandACK',
    'ship2.REQHello.EventNACK',
    'ship2.Steward.Instance',
    // To be taken for an answer of ship2, or of the central node.
    'ship2.REQCliCommand.CommandACK.reply.central.1-1',
    'ship2.REQCliCommand.CommandACK.reply',
    'central.REQToFile.EventACK.reply.ship2.1-1',
    'errorCentral.REQErrorLog.EventACK.reply.ship2.1-1',
    'central.Steward.Instance',
    'central.Steward.Instance.reply.0123',
    // To relay without the right to.
    'ship2.central.REQRelay.EventACK',
    'ship1.central.REQRelay.EventACK',
    'central.ship1.REQRelay.EventACK',
    'errorCentral.REQCliCommand.CommandACK',
    'Steward.Join.UAAA',
    '_INBOX.x',
    '$SYS.REQ.SERVER.PING',
  ];
  for (const subject of forbiddenToPublish)
    assert.match(await publishFault(connection, subject), VIOLATION, subject);
  const forbiddenToHear = [
    '>',
    '*.*.*',
    '*.REQCliCommand.CommandACK',
    'ship2.>',
    'ship2.REQCliCommand.CommandACK',
    'ship2.*.*.reply.>',
    'central.>',
    'central.REQToFile.EventACK',
    'central.*.*.reply.ship2.*',
    'central.REQToFile.EventACK.reply',
    'central.*.*.reply.>',
    'errorCentral.>',
    'errorCentral.REQErrorLog.EventACK.reply.ship2.*',
    '*.central.REQRelay.EventACK',
    'Steward.Join.*',
    '_INBOX.>',
    '$SYS.>',
  ];
  for (const subject of forbiddenToHear)
    assert.match(await subscribeFault(connection, subject), VIOLATION, subject);
  assert.equal(await publishFault(connection, 'central.REQToFile.EventACK'), '');
  assert.equal(await subscribeFault(connection, 'central.REQToFile.EventACK.reply.ship1.*'), '');
});

test('a relay leads from ship1 over central to ship2, not back, and not to others', async (t) => {
  const nodes = ['ship1', 'ship2', 'ship3'];
  const { start, attacker } = await startKeyedBroker(t, { nodes, relays: ['ship1:central:ship2'] });
  const central = await start('central', { startSubREQRelay: true });
  const [ship1, ship2] = await Promise.all([start('ship1'), start('ship2')]);
  assert.deepEqual(await ends(ship1, [relayed('echo one'), relayed('exit 4')]), ['succeeded', 'failed']);
  for (const node of [ship1, central]) await node.waitForFile(RESULT, (text) => text === 'one\n');
  for (const node of [central, ship1, ship2]) assert.deepEqual(refusals(node), [], node.name);
  const one = (await attacker('ship1')).connection;
  for (const subject of ['ship3.central.REQRelay.EventACK', 'ship2.REQCliCommand.CommandACK'])
    assert.match(await publishFault(one, subject), VIOLATION, subject);
  const two = (await attacker('ship2')).connection;
  assert.match(await publishFault(two, 'ship1.central.REQRelay.EventACK'), VIOLATION);
  assert.match(await subscribeFault(two, 'ship2.central.REQRelay.EventACK.reply.ship1.*'), VIOLATION);
});

test('a node that is not the central one relays too, where it is named', async (t) => {
  const nodes = ['ship1', 'hub', 'ship2'];
  const { start, attacker } = await startKeyedBroker(t, { nodes, relays: ['ship1:hub:ship2'] });
  await start('central');
  const hub = await start('hub', { startSubREQRelay: true });
  const [ship1, ship2] = await Promise.all([start('ship1'), start('ship2')]);
  assert.deepEqual(await ends(ship1, [relayed('echo one', { relayViaNode: 'hub' })]), ['succeeded']);
  for (const node of [ship1, hub]) await node.waitForFile(RESULT, (text) => text === 'one\n');
  for (const node of [hub, ship1, ship2]) assert.deepEqual(refusals(node), [], node.name);
  const one = (await attacker('ship1')).connection;
  assert.match(await publishFault(one, 'hub.REQCliCommand.CommandACK'), VIOLATION);
  const two = (await attacker('ship2')).connection;
  assert.match(await publishFault(two, 'hub.REQCliCommand.CommandACK'), VIOLATION);
});

test('doc/nats-server/fleet.conf is what steward broker-config writes', () => {
  const keys = new Map(['central', 'ship1', 'ship2'].map((name) => [name, makeUserKey().publicKey]));
  const users = fleetUsers(keys, { central: 'central', relays: [parseRelay('ship1:central:ship2')] });
  let text = natsConfig(users, { port: 4222 });
  for (const [name, key] of keys) text = text.replace(key, `NKEY_OF_${name.toUpperCase()}`);
  const file = join(import.meta.dirname, '../../doc/nats-server/fleet.conf');
  assert.equal(readFileSync(file, 'utf8'), text);
});
