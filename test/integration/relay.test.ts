import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorLog, sentOn, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { RESULT, relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = shared(startRelayFleet);

function isIdle(...nodes: StewardNode[]): Promise<unknown> {
  const isEmpty = (node: StewardNode) => node.query('SELECT 1 FROM outbox').length === 0;
  return waitFor('all outboxes to be empty', () => nodes.every(isEmpty));
}

test('a relayed command runs once, its result is on both nodes, and each hop knows how it ended', async () => {
  const { ship1, central, ship2 } = await fleet();
  const [good] = await submitAll(ship1, relayed('echo relayed; echo run >> runs'));
  const row = await waitForEnd(ship1, good!);
  assert.deepEqual([row.state, row.exit_code, row.output_bytes, row.reason], ['succeeded', 0, 8, null]);
  await ship1.waitForFile(RESULT, (text) => text === 'relayed\n');
  await central.waitForFile(RESULT, (text) => text === 'relayed\n');
  assert.equal(sentOn(ship1, 'ship2.central.REQRelay.EventACK')[0]?.state, 'succeeded');

  const [bad] = await submitAll(ship1, relayed('echo trouble >&2; exit 3'));
  const failed = await waitForEnd(ship1, bad!);
  assert.deepEqual([failed.state, failed.exit_code], ['failed', 3]);
  assert.equal(Buffer.from(failed.stderr_tail as Uint8Array).toString(), 'trouble\n');
  const [slow] = await submitAll(ship1, relayed('sleep 60', { methodTimeout: 2 }));
  await waitForState(ship1, slow!, 'running');
  assert.equal((await waitForEnd(ship1, slow!)).state, 'timed-out');
  await isIdle(ship1, central, ship2);
});

test('large output comes whole to both, also where the origin replaces its file and the other appends', async (t) => {
  const { ship1, central } = await startRelayFleet(t, { brokerConfig: 'max_payload: 64KB' });
  const size = 3_000_000;
  for (const relayReplyMethod of ['REQToFileAppend', 'REQToFile']) {
    const place = { fileName: relayReplyMethod, relayReplyMethod };
    const [id] = await submitAll(ship1, relayed(`head -c ${size} /dev/urandom | base64 -w 76`, place));
    assert.equal((await waitForEnd(ship1, id!, 30_000)).state, 'succeeded');
    const path = `relay/ship2/${relayReplyMethod}`;
    const letters = (size / 3) * 4;
    const isWhole = (text: string) => text.length === letters + Math.ceil(letters / 76);
    const [here, there] = await Promise.all(
      [ship1, central].map((node) => node.waitForFile(path, isWhole, 20_000)),
    );
    assert.ok(here === there);
  }
});

test('other methods are relayed too, with their data, their replies and their order', async () => {
  const { ship1, central, ship2 } = await fleet();
  const write = (text: string) => ({
    ...relayed('', { methodArgs: null, fileName: 'data.log' }),
    method: 'REQToFileAppend',
    data: [text],
  });
  const lines = Array.from({ length: 200 }, (_, index) => `${index}\n`);
  const ids = await submitAll(ship1, lines.map(write));
  for (const id of ids) assert.equal((await waitForEnd(ship1, id)).state, 'succeeded');
  assert.equal(await ship2.file('relay/ship2/data.log'), lines.join(''));

  const ping = { method: 'REQPing', methodArgs: null, replyMethod: 'REQPong', relayReplyMethod: 'REQPong' };
  const [pinged] = await submitAll(ship1, relayed('', { ...ping, fileName: 'ping.log' }));
  assert.equal((await waitForEnd(ship1, pinged!)).state, 'succeeded');
  for (const node of [ship1, central])
    await node.waitForFile('relay/ship2/ping.log', (text) => text.includes('pong received from ship2'));

  const asks = {
    relayReplyMethod: 'REQCliCommand',
    replyMethodArgs: ['bash', '-c', 'cat > "got-$$"; echo it'],
  };
  const [run] = await submitAll(ship1, relayed('echo x', { ...asks, fileName: 'again.log' }));
  assert.equal((await waitForEnd(ship1, run!)).state, 'succeeded');
  await ship1.waitForFile('relay/ship2/again.log', (text) => text.includes('it'));
  await isIdle(ship1, central, ship2);
  const [copy] = sentOn(central, 'ship1.REQCliCommand.CommandACK');
  assert.equal(copy?.state, 'succeeded');
});

test('without relayReplyMethod the reply comes back under replyMethod, with a warning and an error report', async () => {
  const { ship1, central } = await fleet();
  const answer = await ship1.submit(
    relayed('echo x', { relayReplyMethod: undefined, fileName: 'plain.log' }),
  );
  assert.deepEqual(answer.refused, []);
  assert.match(JSON.stringify(answer.warnings), /relayReplyMethod is missing/);
  await ship1.waitForFile('relay/ship2/plain.log', (text) => text === 'x\n');
  await waitFor('an error report', async () => (await errorLog(central)).includes('no relayReplyMethod'));
});

test('what cannot be relayed is refused with its reason, and the rest of the submission is taken', async () => {
  const { ship1 } = await fleet();
  const answer = await ship1.submit([
    relayed('true', { relayViaNode: 'ship1' }),
    relayed('true', { relayViaNode: 'ship2' }),
    relayed('true', { toNode: undefined, toNodes: ['ship1', 'central'] }),
    relayed('true', { method: 'REQHello' }),
    relayed('true', { relayViaNode: 'a..b' }),
  ]);
  const refused = answer.refused as { index: number; field: string; reason: string }[];
  assert.deepEqual(
    refused.map(({ index, field }) => [index, field]),
    [
      [0, 'relayViaNode'],
      [1, 'relayViaNode'],
      [2, 'relayViaNode'],
      [3, 'method'],
      [4, 'relayViaNode'],
    ],
  );
  const accepted = answer.accepted as { index: number; toNode: string; id: string }[];
  assert.deepEqual(
    accepted.map(({ index, toNode }) => [index, toNode]),
    [[2, 'ship1']],
  );
  // To the origin itself, through another node: a way there and back.
  assert.equal((await waitForEnd(ship1, accepted[0]!.id)).state, 'succeeded');
});

test('an absent relay node, an absent target and a lifetime that is over end with a state that says so', async () => {
  const { ship1, central, ship2 } = await fleet();
  await ship2.kill();
  const budget = { retries: 2, ACKTimeout: 1 };
  const [noRelay] = await submitAll(ship1, relayed('true', { ...budget, relayViaNode: 'ship9' }));
  const [noTarget] = await submitAll(ship1, relayed('true', budget));
  const [late] = await submitAll(ship1, relayed('true', { expiresIn: 2 }));
  const rows = await Promise.all([noRelay, noTarget, late].map((id) => waitForEnd(ship1, id!)));
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['undelivered', 'undelivered', 'expired'],
  );
  assert.match(String(rows[0]!.reason), /^ship2\.ship9\.REQRelay\.EventACK: max retries/);
  assert.match(String(rows[1]!.reason), /ship2\.REQCliCommand\.CommandACK: max retries/);
  assert.match(String(rows[2]!.reason), /its time was over/);
  const about = () => errorLog(central).then((text) => text.match(/max retries/g)?.length);
  await waitFor('one report of each', async () => (await about()) === 2);
});

test('a relayed request waits for its relay node and its target, and can be cancelled at its origin', async () => {
  const { ship1, central, ship2 } = await fleet();
  const passedOn = () => sentOn(central, 'ship2.REQCliCommand.CommandACK').length;
  const before = passedOn();
  await Promise.all([central.kill(), ship2.kill()]);
  const place = { fileName: 'waited.log' };
  const [first, second] = await submitAll(ship1, [relayed('echo one', place), relayed('echo two', place)]);
  await waitForState(ship1, first!, 'accepted');
  await central.start();
  await waitFor('both at central', () => passedOn() === before + 2);
  await submitAll(ship1, { toNode: 'ship1', method: 'REQCancel', methodArgs: [second] });
  assert.equal((await waitForEnd(ship1, second!)).state, 'cancelled');
  await ship2.start();
  assert.equal((await waitForEnd(ship1, first!)).state, 'succeeded');
  await ship1.waitForFile('relay/ship2/waited.log', (text) => text === 'one\n');
  const [running] = await submitAll(ship1, relayed('echo begun > begun; sleep 60', { methodTimeout: 60 }));
  await waitForState(ship1, running!, 'running');
  await submitAll(ship1, { toNode: 'ship1', method: 'REQCancel', methodArgs: [running] });
  assert.equal((await waitForEnd(ship1, running!)).state, 'cancelled');
});

test('the relay subscriber is off unless switched on, and can be listed, stopped and started', async (t) => {
  const { central } = await startRelayFleet(t, {
    nodes: ['central'],
    flags: { central: { startSubREQRelay: false } },
  });
  const op = (method: string, methodArgs: string[] | null) => {
    return { toNode: 'central', method, methodArgs, directory: 'op', fileName: `${method}.log` };
  };
  const list = async () => {
    await submitAll(central, { ...op('REQOpProcessList', null), replyMethod: 'REQToFile' });
  };
  const listed = (isThere: boolean) =>
    central.waitForFile(
      'op/central/REQOpProcessList.log',
      (text) => text.includes('*.central.REQRelay.EventACK') === isThere,
    );
  await list();
  await listed(false);
  await submitAll(central, op('REQOpProcessStart', ['REQRelay']));
  await central.waitForFile('op/central/REQOpProcessStart.log');
  await list();
  await listed(true);
  const [id] = await submitAll(central, op('REQOpProcessStop', ['REQRelay', 'central', 'subscriber']));
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
});
