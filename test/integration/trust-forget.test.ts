import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

test('forget in an open fleet over nats-server: says what is to be done there, outlasts a restart, and a late answer and a hello count', async (t) => {
  const broker = await startBroker(t, { kind: 'nats-server' });
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship = await startWireClient(broker, t);
  const asked = await ship.gather('ship1.REQCliCommand.CommandACK');
  const steward = (...args: string[]) =>
    callSteward(args, { socketPath: join(central.folder, 'tmp/stew.sock') });
  const listed = async () => {
    const { stdout } = await steward('nodes', '--json');
    return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  };
  ship.hello('central', 'ship1');
  await waitFor('ship1 to be known', async () => (await listed()).includes('ship1'));
  const command = {
    ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone' },
    ACKTimeout: 1,
  };
  const [id] = await submitAll(central, command);
  await waitForState(central, id!, 'sent');
  await waitFor('the request', () => asked.length > 0);

  const forgotten = await steward('forget', '--folder', central.folder, 'ship1');
  assert.equal(forgotten.code, 0, forgotten.stderr);
  const lines = forgotten.stdout.split('\n');
  assert.equal(lines[0], 'ship1 is off the list.');
  assert.equal(lines[1], '1 message that had been sent stays open: an answer still ends it.');
  assert.equal(lines[2], 'steward status --node ship1 --state open names it, and steward cancel ID ends it.');
  assert.match(forgotten.stdout, /without --node ship1=\.\.\.:\n {2}steward broker-config --node /);
  assert.match(forgotten.stdout, /a hello of it brings it back/);
  assert.deepEqual(await listed(), ['central']);
  const [stray] = await submitAll(central, { ...command, toNode: 'ship9' });
  await waitForState(central, stray!, 'sent');
  const again = await steward('forget', '--folder', central.folder, 'ship1', 'ship9');
  assert.equal(
    again.stderr,
    `steward: no node "ship1" has joined: steward invite --list names them
steward: 1 message that had been sent stays open: an answer still ends it.
steward: steward status --node ship1 --state open names it, and steward cancel ID ends it.
steward: no node "ship9" has joined: steward invite --list names them
steward: 1 message that waited for it ended as cancelled.
`,
  );

  const before = asked.length;
  await central.restart();
  assert.deepEqual(await listed(), ['central']);
  const late = await waitFor('the request once more', () => asked[before]);
  ship.answer(late, 'accepted');
  await waitForState(central, id!, 'accepted');
  const report = JSON.stringify({ ends: [{ id, state: 'succeeded', exitCode: 0 }] });
  const ended = { toNode: 'central', fromNode: 'ship1', method: 'REQReport', data: [Buffer.from(report)] };
  await ship.ask({ message: newMessage(ended), lane: 'late/1/1' });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  ship.hello('central', 'ship1');
  await waitFor('ship1 to be back', async () => (await listed()).includes('ship1'));
});
