import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { accept } from '../support/accept.ts';
import { startBroker } from '../support/broker.ts';
import { addressFor, authorization, credentialsOf, REFERENCE_PERMISSIONS } from '../support/broker-users.ts';
import { startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

const ERRORS = 'errorCentral.REQErrorLog.EventACK';
const ERROR_FILE = 'errorLog/errorCentral/error.log';

function failing(toNode: string, exitCode: number) {
  const place = { directory: 'd', fileName: 'f', ACKTimeout: 2, methodTimeout: 5 };
  return { toNode, method: 'REQCliCommand', methodArgs: ['bash', '-c', `exit ${exitCode}`], ...place };
}

function lines(text: string, part: string): string[] {
  return text.split('\n').filter((line) => line.includes(part));
}

test('errors and commands work under the permissions that the reference documents, unchanged', async (t) => {
  const broker = await startBroker(t, { config: authorization(REFERENCE_PERMISSIONS) });
  const flags = { errorMessageTimeout: 1 };
  const central = await startStewardNode({ name: 'central', broker: addressFor(broker, 'central') }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker: addressFor(broker, 'ship1'), flags }, t);
  const ship2 = await startStewardNode({ name: 'ship2', broker: addressFor(broker, 'ship2'), flags }, t);
  await accept(
    central,
    [1, 2, 3].flatMap((code) => [failing('ship1', code), failing('ship2', 10 + code)]),
  );
  const isThere = (text: string) =>
    [1, 2, 3, 11, 12, 13].every((code) => text.includes(`exit status ${code},`));
  const text = await central.waitForFile(ERROR_FILE, isThere);
  for (const code of [1, 2, 3, 11, 12, 13]) assert.equal(lines(text, `exit status ${code},`).length, 1);
  for (const ship of [ship1, ship2]) {
    await waitFor(`${ship.name} to know that its reports arrived`, () => {
      const rows = ship.query(
        'SELECT l.state FROM ledger l JOIN lanes ON lanes.id = l.key / 4294967296 WHERE subject = ?',
        ERRORS,
      );
      return rows.length > 0 && rows.every(({ state }) => state === 'succeeded');
    });
    const refusals = ship.logLines().filter(({ msg }) => /does not allow/.test(String(msg)));
    assert.deepEqual(refusals, [], 'a fall-back is no reason for an alarm');
    const wide = await waitFor('what these permissions allow too', () =>
      ship.logLines().find(({ msg }) => /can keep central off/.test(String(msg))),
    );
    assert.match(String(wide.msg), /steward broker-config writes/);
  }
  await waitFor(
    'reports of the ends',
    () => central.ledger().filter(({ state }) => state === 'failed').length === 6,
  );
});

test('on a shared reply subject an answer is matched by its id, whatever others say there', async (t) => {
  const broker = await startBroker(t, { config: authorization(REFERENCE_PERMISSIONS) });
  const client = await startWireClient(broker, t, credentialsOf('central'));
  let isAnswering = false;
  const got = await client.gather(ERRORS, (wire) => {
    // Another sender's answers, and lies about messages of no one.
    client.answer({ ...wire, headers: { ...wire.headers, 'Nats-Msg-Id': 'of-another' } }, 'accepted');
    client.answer({ ...wire, headers: { ...wire.headers, 'Nats-Msg-Id': '' } }, 'rejected');
    if (isAnswering) client.answer(wire, 'accepted');
  });
  const ship = await startStewardNode(
    { name: 'ship1', broker: addressFor(broker, 'ship1'), flags: { errorMessageTimeout: 1 } },
    t,
  );
  client.send({
    message: newMessage({
      toNode: 'ship1',
      fromNode: 'central',
      method: 'REQCliCommand',
      replyMethod: 'REQNone',
    }),
    headers: {},
  });
  await waitFor('a second attempt', () => got.length >= 2);
  assert.equal(got[0]!.reply, `${ERRORS}.reply`);
  assert.equal(got[0]!.headers['Nats-Msg-Id'], got[1]!.headers['Nats-Msg-Id']);
  isAnswering = true;
  await waitFor('the report to arrive', () => ship.ledger().some(({ state }) => state === 'succeeded'));
});

test("one report reaches several collectors, ours and the reference's, once each", async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const reference = await startReferencePeer({ node: 'ship9', broker, methods: ['REQErrorLog'] }, t);
  const ship = await startStewardNode({ name: 'ship1', broker, flags: { errorMessageTimeout: 1 } }, t);
  for (let code = 1; code <= 8; code++) {
    await accept(central, [failing('ship1', code)]);
    await central.waitForFile(ERROR_FILE, (text) => text.includes(`exit status ${code},`));
  }
  await waitFor('its delivery', () => ship.query('SELECT * FROM outbox').length === 0);
  const ours = await central.file(ERROR_FILE);
  const theirs = Buffer.concat(
    reference.messages('REQErrorLog').flatMap(({ data }) => data ?? []),
  ).toString();
  for (let code = 1; code <= 8; code++) {
    assert.equal(lines(ours, `exit status ${code},`).length, 1, `ours, ${code}`);
    assert.equal(lines(theirs, `exit status ${code},`).length, 1, `theirs, ${code}`);
  }
});

test('a node that may do nothing at the broker says so in its log, and runs on', async (t) => {
  const nothing = { publish: ['nothing'], subscribe: ['nothing'] };
  const broker = await startBroker(t, { config: authorization({ ship3: nothing }) });
  const flags = { natsConnectRetryInterval: 1 };
  const ship = await startStewardNode({ name: 'ship3', broker: addressFor(broker, 'ship3'), flags }, t);
  const logged = (pattern: RegExp) => ship.logLines().some(({ msg }) => pattern.test(String(msg)));
  await waitFor('a sentence on subscribing', () =>
    logged(/the broker does not allow .*subscribe to ship3\.\S+.*permissions/),
  );
  await waitFor('a sentence on publishing', () =>
    logged(/the broker does not allow .*publish to \S+: check its permissions/),
  );
  const [id] = await accept(ship, [failing('ship4', 1)]);
  assert.ok(ship.ledger().some((row) => row.id === id));
  assert.equal(ship.program.exit, undefined);
  await broker.restart({ config: authorization({ ship3: { publish: ['>'], subscribe: ['>'] } }) });
  const client = await startWireClient(broker, t, credentialsOf('ship3'));
  const ping = newMessage({ toNode: 'ship3', fromNode: 'x', method: 'REQPing', replyMethod: 'REQNone' });
  const send = () => client.send({ message: { ...ping, directory: 'ping', fileName: 'f' } });
  await waitFor(
    'it to serve once it may',
    async () => {
      send();
      return await ship.file('ping/ship3/f');
    },
    { timeoutMs: 25_000, intervalMs: 200 },
  );
});
