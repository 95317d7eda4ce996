import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLog, submitAll, waitForEnd } from '../support/fleet.ts';
import { apiOf } from '../support/node-api.ts';
import { RESULT, relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { waitFor } from '../support/wait-for.ts';

/** The permissions that the reference documents for relaying from ship1 to ship2 through central. */
const AUTHORIZATION = `authorization {
  users = [
    { user: central, password: c, permissions: { publish: { allow: [">"] }, subscribe: { allow: [">"] } } }
    { user: ship1, password: s1, permissions: {
        publish: { allow: ["central.>", "errorCentral.>", "ship1.>", "ship2.central.REQRelay.EventACK"] }
        subscribe: { allow: ["central.>", "ship1.>", "errorCentral.REQErrorLog.EventACK.reply", "*.central.REQRelay.EventACK.reply"] } } }
    { user: ship2, password: s2, permissions: {
        publish: { allow: ["central.>", "errorCentral.>", "ship2.>"] }
        subscribe: { allow: ["central.>", "ship2.>", "errorCentral.REQErrorLog.EventACK.reply"] } } }
  ]
}`;
const PASSWORDS = { central: 'c', ship1: 's1', ship2: 's2' };

test("a message is relayed under the reference's permissions, and those not allowed to are not relayed for", async (t) => {
  const { ship1, central, ship2 } = await startRelayFleet(t, {
    brokerConfig: AUTHORIZATION,
    address: (node, { port }) => `nats://${node}:${PASSWORDS[node]}@127.0.0.1:${port}`,
  });
  const ids = await submitAll(ship1, [relayed('echo one'), relayed('echo two'), relayed('exit 4')]);
  const rows = await Promise.all(ids.map((id) => waitForEnd(ship1, id)));
  assert.deepEqual(
    rows.map(({ state, exit_code }) => [state, exit_code]),
    [
      ['succeeded', 0],
      ['succeeded', 0],
      ['failed', 4],
    ],
  );
  for (const node of [ship1, central]) await node.waitForFile(RESULT, (text) => text === 'one\ntwo\n');

  // ship2 may not send anything for ship1, by itself or through central.
  const back = { toNode: 'ship1', retries: 2, ACKTimeout: 1 };
  const [id] = await submitAll(ship2, relayed('touch here', back));
  assert.equal((await waitForEnd(ship2, id!)).state, 'undelivered');
  const complaint = 'does not allow this node to subscribe to ship1.central.REQRelay.EventACK.reply';
  await waitFor('a complaint', async () => {
    const text = await errorLog(central);
    if (text.includes(complaint)) return true;
    throw new Error(text);
  });
  // Whoever may look at a node learns where its broker is, and not its password.
  assert.match((await apiOf(ship1, t).status()).broker.address, /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(ship1.query("SELECT * FROM journal WHERE subject LIKE '%REQCliCommand%'"), []);
});
