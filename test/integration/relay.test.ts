import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLog, ledgerRow, sentOn, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { RESULT, relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { waitFor } from '../support/wait-for.ts';

test('a relayed command runs once, and its result is on the relaying node and at the origin', async (t) => {
  const { ship1, central, ship2 } = await startRelayFleet(t);
  const [id] = await submitAll(ship1, relayed('echo relayed; echo run >> runs'));
  const row = await waitForEnd(ship1, id!);
  assert.equal(row.state, 'succeeded');
  assert.equal(row.exit_code, 0);
  assert.equal(row.output_bytes, 8);
  assert.equal(await ship1.waitForFile(RESULT), 'relayed\n');
  assert.equal(await central.waitForFile(RESULT), 'relayed\n');
  const [hop] = sentOn(ship1, 'ship2.central.REQRelay.EventACK');
  assert.equal(hop?.state, 'succeeded');
  for (const node of [ship1, central, ship2]) {
    await waitFor(
      `the outbox of ${node.name} to be empty`,
      () => node.query('SELECT 1 FROM outbox').length === 0,
    );
  }
});
