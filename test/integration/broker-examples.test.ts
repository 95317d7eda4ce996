import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { accept } from '../support/accept.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { brokerExample, withoutPort } from '../support/broker-examples.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { relayed } from '../support/relay-fleet.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const CONFIGS = readdirSync(join(import.meta.dirname, '../../doc/nats-server'));
const ERROR_FILE = 'errorLog/errorCentral/error.log';

for (const file of CONFIGS) {
  test(`nats-server takes doc/nats-server/${file}`, async (t) => {
    const { path } = await tempFolder(t);
    await writeFile(join(path, file), (await brokerExample(file, path)).config);
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/bin` };
    const command = process.env.STEWARD_TEST_NATS_SERVER ?? 'nats-server';
    await promisify(execFile)(command, ['-t', '-c', join(path, file)], { env });
  });
}

function run(toNode: string, more: object = {}) {
  const place = { directory: 'd', fileName: 'f', ACKTimeout: 1, retries: 2 };
  return { toNode, method: 'REQCliCommand', methodArgs: ['echo', `for ${toNode}`], ...place, ...more };
}

/** Starts a node that signs in with its nkey; `flags` wins. */
function startWithKey(
  t: TestContext,
  name: string,
  broker: Broker,
  nkeySeedFile: string,
  flags = {},
): Promise<StewardNode> {
  const all = { nkeySeedFile, errorMessageTimeout: 1, natsConnectRetryInterval: 1, ...flags };
  return startStewardNode({ name, broker, flags: all }, t);
}

function hasTaken(node: StewardNode, method: string): boolean {
  return node.query('SELECT * FROM journal WHERE subject LIKE ?', `%.${method}.%`).length > 0;
}

test('nkeys.conf: both nodes work with central; node1 may not talk to node10, which is reported', async (t) => {
  const { config, seedFile } = await brokerExample('nkeys.conf', (await tempFolder(t)).path);
  const broker = await startBroker(t, { config: withoutPort(config), kind: 'nats-server' });
  const [central, node1, node10] = (await Promise.all(
    ['central', 'node1', 'node10'].map((name) => startWithKey(t, name, broker, seedFile(name))),
  )) as [StewardNode, StewardNode, StewardNode];
  const ids = await submitAll(central, [run('node1'), run('node10')]);
  for (const id of ids) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  assert.equal(await central.waitForFile('d/node10/f'), 'for node10\n');
  const [up] = await submitAll(node1, run('central'));
  assert.equal((await waitForEnd(node1, up!)).state, 'succeeded');

  const [across] = await submitAll(
    node1,
    run('node10', { method: 'REQToFile', data: ['no'], methodArgs: [] }),
  );
  assert.equal((await waitForEnd(node1, across!)).state, 'undelivered');
  assert.ok(!hasTaken(node10, 'REQToFile'));
  await accept(node1, [{ toNode: 'node10', method: 'REQHello', data: ['hello'] }]);
  for (const what of [
    'subscribe to node10.REQToFile.EventACK.reply',
    'publish to node10.REQHello.EventNACK',
  ]) {
    const refusal = `node: node1, error: the broker does not allow this node to ${what}: check its permissions`;
    await central.waitForFile(ERROR_FILE, (text) => text.includes(refusal));
  }
});

// The example of the original's README has `some.node1`, where names of nodes have no dots. It also forgets the answers,
// without which no node delivers: those of node1 to node10 are added.
const README_USERS = {
  central: [
    ['node1.>', 'node10.>', 'errorCentral.>'],
    ['node1.>', 'node10.>', 'errorCentral.>'],
  ],
  node1: [
    ['central.>', 'node1.*.*.reply.>'],
    ['central.>', 'node1.>', 'node10.>'],
  ],
  node10: [
    ['node1.>', 'errorCentral.>'],
    ['central.>', 'node1.*.*.reply.>'],
  ],
} as const;

test("the permissions of the original's README: node10 reaches node1, node1 does not reach node10", async (t) => {
  const { path } = await tempFolder(t);
  const users = Object.entries(README_USERS).map(([name, [publish, subscribe]]) => {
    const allow = `publish: {allow: ${JSON.stringify(publish)}}, subscribe: {allow: ${JSON.stringify(subscribe)}}`;
    return `{nkey: NKEY_OF_${name.toUpperCase()}, permissions: {${allow}}}`;
  });
  const { config, seedFile } = await brokerExample(`authorization { users = [ ${users.join('\n')} ] }`, path);
  const broker = await startBroker(t, { config, kind: 'nats-server' });
  const [, node1, node10] = (await Promise.all(
    ['central', 'node1', 'node10'].map((name) => startWithKey(t, name, broker, seedFile(name))),
  )) as [StewardNode, StewardNode, StewardNode];
  await accept(node10, [run('node1', { method: 'REQToFile', data: ['allowed'], methodArgs: [] })]);
  assert.equal(await node1.waitForFile('d/node1/f'), 'allowed');
  const [across] = await submitAll(
    node1,
    run('node10', { method: 'REQToFile', data: ['no'], methodArgs: [] }),
  );
  assert.equal((await waitForEnd(node1, across!)).state, 'undelivered');
  assert.ok(!hasTaken(node10, 'REQToFile'));
  await accept(node1, [{ toNode: 'node10', method: 'REQHello', data: ['hello'] }]);
  const says = (node: StewardNode, text: string) =>
    waitFor(`${node.name} to say: ${text}`, () =>
      node.logLines().some(({ msg }) => String(msg).includes(text)),
    );
  await says(
    node1,
    'does not allow this node to publish to node10.REQHello.EventNACK: check its permissions',
  );
  await says(node10, 'does not allow this node to subscribe to node10.REQCliCommand.CommandACK: check');
});

test('relay.conf: ship1 reaches ship2 through central', async (t) => {
  const { config, seedFile } = await brokerExample('relay.conf', (await tempFolder(t)).path);
  const broker = await startBroker(t, { config: withoutPort(config), kind: 'nats-server' });
  await startWithKey(t, 'central', broker, seedFile('central'), { startSubREQRelay: true });
  const ship1 = await startWithKey(t, 'ship1', broker, seedFile('ship1'));
  await startWithKey(t, 'ship2', broker, seedFile('ship2'));
  const [id] = await submitAll(ship1, relayed('echo one'));
  assert.equal((await waitForEnd(ship1, id!)).state, 'succeeded');
});

test('tls.conf and tls-client-certificates.conf: a node works with what they ask for', async (t) => {
  for (const file of ['tls.conf', 'tls-client-certificates.conf']) {
    const { config, ca, certificate, key } = await brokerExample(file, (await tempFolder(t)).path);
    const broker = await startBroker(t, { config: withoutPort(config), kind: 'nats-server' });
    const own: Record<string, string> =
      file === 'tls.conf' ? {} : { tlsCertFile: certificate, tlsKeyFile: key };
    const central = await startStewardNode({ name: 'central', broker, flags: { rootCAPath: ca, ...own } }, t);
    const [id] = await submitAll(central, run('central'));
    assert.equal((await waitForEnd(central, id!)).state, 'succeeded', file);
  }
});

test('hub.conf and leaf-node.conf: nodes at both brokers work with each other', async (t) => {
  const { path } = await tempFolder(t);
  const port = await freePort();
  const place = (config: string) =>
    withoutPort(config)
      .replace('port: 7422', `listen: "127.0.0.1:${port}"`)
      .replace('hub.example:7422', `127.0.0.1:${port}`);
  const hub = await startBroker(t, {
    config: place((await brokerExample('hub.conf', path)).config),
    kind: 'nats-server',
  });
  const leaf = await startBroker(t, {
    config: place((await brokerExample('leaf-node.conf', path)).config),
    kind: 'nats-server',
  });
  await waitFor('the leaf to join', () => /Leafnode connection created/.test(leaf.log));
  const central = await startStewardNode({ name: 'central', broker: hub }, t);
  await startStewardNode({ name: 'ship1', broker: leaf }, t);
  const [id] = await submitAll(central, run('ship1', { retries: 20 }));
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
});
