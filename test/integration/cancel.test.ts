import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { processesOf } from '../support/processes.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const FLAGS = { natsConnectRetryInterval: 1, startPubREQHello: 1 };

const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const central = await startStewardNode({ name: 'central', broker, flags: FLAGS }, scope);
  const ship = await startStewardNode({ name: 'ship1', broker, flags: FLAGS }, scope);
  return { broker, central, ship };
});

test('a command that runs is stopped with all its processes, and ends as cancelled', async () => {
  const { central } = await fleet();
  const id = await submit(central, command('echo begun; sleep 100 & sleep 100'));
  await waitFor('the command runs', () => stateOf(central, id) === 'running');
  await cancel(central, id);
  await waitFor('it is cancelled', () => stateOf(central, id) === 'cancelled');
  await waitFor('no process of it is left', async () => (await processesOf(id)).length === 0);
  await central.waitForFile('out/ship1/out.log', (text) => text.includes('begun'));
});

test('a command that waits for its turn does not run', async () => {
  const { central, ship } = await fleet();
  const mark = join(ship.folder, 'ran-turn');
  await submit(central, command('sleep 0.7'));
  const id = await submit(central, command(`touch ${mark}`));
  await cancel(central, id);
  await waitFor('it is cancelled', () => stateOf(central, id) === 'cancelled');
  const last = await submit(central, command('true'));
  await waitFor('the next one has run', () => stateOf(central, last) === 'succeeded');
  assert.equal(existsSync(mark), false);
});

test('a command for a node that is away ends as cancelled at once, and never runs', async () => {
  const { central, ship } = await fleet();
  await ship.stop();
  const mark = join(ship.folder, 'ran-away');
  const id = await submit(central, command(`touch ${mark}`));
  const kept = await submit(central, command('true'));
  await cancel(central, id);
  await waitFor('it is cancelled', () => stateOf(central, id) === 'cancelled');
  await ship.start();
  await waitFor('the other one has run', () => stateOf(central, kept) === 'succeeded');
  assert.equal(existsSync(mark), false);
  assert.equal(stateOf(central, id), 'cancelled');
});

test('a cancellation that overtakes its request keeps it from running, also after a crash', async (t) => {
  const { broker, central, ship } = await fleet();
  const mark = join(ship.folder, 'ran-overtaken');
  // The subscriber for commands is away, the one for cancellations is not.
  await submit(central, {
    toNode: 'ship1',
    method: 'REQOpProcessStop',
    methodArgs: ['REQCliCommand', 'ship1', 'subscriber'],
  });
  await waitFor('commands are not taken', () => hasEnded(central, 'REQOpProcessStop'));
  const id = await submit(central, command(`touch ${mark}`));
  const other = await startStewardNode({ name: 'ship2', broker, flags: FLAGS }, t);
  await submit(other, { toNode: 'ship1', method: 'REQCancel', methodArgs: [id] });
  const known = () => ship.query('SELECT * FROM cancellations WHERE id = ?', id).length === 1;
  await waitFor('the cancellation is known', known);
  await ship.kill();
  await ship.start();
  await waitFor('it ends as cancelled', () => stateOf(central, id) === 'cancelled');
  assert.equal(existsSync(mark), false);
});

test('of a request that has ended, the end stays', async () => {
  const { central } = await fleet();
  const id = await submit(central, command('exit 3'));
  await waitFor('it has failed', () => stateOf(central, id) === 'failed');
  const cancellation = await cancel(central, id);
  await waitFor('the cancellation is done', () => stateOf(central, cancellation) === 'succeeded');
  assert.equal(stateOf(central, id), 'failed');
});

test('the queue of a node is listed and cleared by conditions', async () => {
  const { central } = await fleet();
  const ids = await Promise.all([1, 2, 3].map(() => submit(central, { ...command('true'), toNode: 'away' })));
  const append = { toNode: 'away', method: 'REQToFileAppend', data: ['x'], directory: 'd', fileName: 'f' };
  const kept = await submit(central, append);
  const list = { toNode: 'central', method: 'REQOpQueueList', directory: 'queue', fileName: 'list.log' };
  await submit(central, { ...list, methodArgs: ['node=away'] });
  const text = await central.waitForFile(
    'queue/central/list.log',
    (found) => found.trim().split('\n').length === 4,
  );
  for (const id of [...ids, kept]) assert.match(text, new RegExp(`id: ${id}, toNode: away, method: REQ`));
  const remove = {
    toNode: 'central',
    method: 'REQOpQueueRemove',
    methodArgs: ['node=away', 'method=REQCliCommand'],
  };
  await submit(central, { ...remove, directory: 'queue', fileName: 'remove.log' });
  await central.waitForFile('queue/central/remove.log', (found) => found.includes('removed 3 messages'));
  for (const id of ids) assert.equal(stateOf(central, id), 'cancelled');
  assert.notEqual(stateOf(central, kept), 'cancelled');
  const audited = (await central.audit()).filter(({ state }) => state === 'cancelled');
  assert.deepEqual(
    audited
      .map(({ id }) => String(id))
      .filter((id) => [...ids, kept].includes(id))
      .toSorted(),
    ids.toSorted(),
  );
});

function command(script: string) {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    methodTimeout: 60,
    ACKTimeout: 1,
    directory: 'out',
    fileName: 'out.log',
  };
}

async function submit(node: StewardNode, message: object): Promise<string> {
  const { accepted, refused } = await node.submit([message]);
  assert.deepEqual(refused, []);
  return (accepted as { id: string }[])[0]!.id;
}

function cancel(node: StewardNode, id: string): Promise<string> {
  return submit(node, { toNode: 'ship1', method: 'REQCancel', methodArgs: [id] });
}

function stateOf(node: StewardNode, id: string): unknown {
  return node.query('SELECT state FROM ledger WHERE id = ?', id)[0]?.state;
}

function hasEnded(node: StewardNode, method: string): boolean {
  const sql = `SELECT count(*) AS n FROM ledger l JOIN lanes ON lanes.id = l.key / 4294967296
    WHERE lanes.subject LIKE '%.' || ? || '.%' AND l.ended_at IS NOT NULL`;
  return Number(node.query(sql, method)[0]?.n) > 0;
}
