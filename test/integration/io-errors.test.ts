import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { canFailSyncs, failReads, failSyncs } from '../support/failing-syncs.ts';
import {
  FAST_RECONNECT,
  ledgerRow,
  startFleet,
  submitAll,
  waitForEnd,
  waitForState,
} from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const skip = canFailSyncs() ? false : 'only where strace may trace other processes';

test('a request that was refused because one fsync failed does not run after a crash', {
  skip,
}, async (t) => {
  const { node, ran, command, begin } = await lonely(t);
  await begin();
  await using syncs = await failSyncs(node.pid, { firstOnly: true }, t);
  const answer = await node.submit([command('refused')]);
  assert.match(
    (answer.refused as { reason: string }[])[0]!.reason,
    /^not accepted: the database .* check the disk/,
  );
  await node.kill();
  await syncs[Symbol.asyncDispose]();
  await node.start();
  const [last] = await submitAll(node, command('last'));
  assert.equal((await waitForEnd(node, last!)).state, 'succeeded');
  assert.equal(existsSync(ran('refused')), false);
  assert.equal(node.query('SELECT id FROM ledger WHERE batch IS NOT NULL').length, 2);
});

test('a request that may have been stored while every fsync fails is answered as unknown, with its id', {
  skip,
}, async (t) => {
  const { node, ran, command, begin } = await lonely(t);
  await begin();
  await using syncs = await failSyncs(node.pid, {}, t);
  const answer = await node.submit([command('unknown')]);
  const { reason } = (answer.refused as { reason: string }[])[0]!;
  const id = /^unknown: it may have been accepted as ([0-9a-f-]{36}), ask for that id/.exec(reason)?.[1];
  assert.ok(id, reason);
  await node.kill();
  await syncs[Symbol.asyncDispose]();
  await node.start();
  const [last] = await submitAll(node, command('last'));
  assert.equal((await waitForEnd(node, last!)).state, 'succeeded');
  // What was in the log counts; what was not has never run.
  assert.equal(existsSync(ran('unknown')), ledgerRow(node, id) !== undefined);
});

test('reports that come while the disk of the sender gives I/O errors end their requests once it works', {
  skip,
}, async (t) => {
  const { central, ship1 } = await startFleet(t);
  const gate = join(ship1.folder, 'gate');
  const wait = ['bash', '-c', 'until [ -e "$1" ]; do sleep 0.05; done', 'bash', gate];
  const command = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: wait,
    methodTimeout: 120,
    ACKTimeout: 1,
  };
  const ids = await submitAll(central, [command, command, command]);
  for (const id of ids) await waitForState(central, id, 'running');
  const syncs = await failSyncs(central.pid, {}, t);
  await submitAll(ship1, { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['touch', gate] });
  await waitFor('central to notice', () =>
    central.logLines().some(({ msg }) => /not accepted for now/.test(String(msg))),
  );
  await syncs[Symbol.asyncDispose]();
  for (const id of ids) assert.equal((await waitForEnd(central, id, 45_000)).state, 'succeeded');
});

test('a node whose disk cannot be read for a while lives on, hears its broker, and calls its database sound', {
  skip,
}, async (t) => {
  const { central, ship1 } = await startFleet(t);
  const ping = { toNode: 'ship1', method: 'REQPing', ACKTimeout: 1 };
  await submitAll(central, ping);
  const path = join(ship1.databaseFolder, 'steward.db');
  const reads = await failReads(ship1.pid, [path, `${path}-wal`], t);
  // Each is the first of its lane, of which the database is asked.
  const append = { toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName: 'f', data: ['x'] };
  const run = { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['true'] };
  const ids = await submitAll(
    central,
    [append, { ...append, method: 'REQToFile', fileName: 'g' }, run].map((one) => ({
      ...one,
      ACKTimeout: 1,
    })),
  );
  await waitFor('reads that fail', async () => (await reads.count()) > 3);
  const said = () => ship1.logLines().map(({ msg }) => String(msg));
  await waitFor('the node to notice', () =>
    said().some((text) => /could not be read: check the disk/.test(text)),
  );
  await reads[Symbol.asyncDispose]();
  for (const id of ids) assert.equal((await waitForEnd(central, id)).state, 'succeeded');
  assert.deepEqual(
    said().filter((text) => /damaged|is gone/.test(text)),
    [],
  );
});

/** A node that runs commands of its own. */
async function lonely(t: TestContext) {
  const broker = await startBroker(t);
  const folder = (await tempFolder(t)).path;
  const node = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ran = (name: string) => join(folder, name);
  const command = (name: string) => ({
    ...{ toNode: 'central', method: 'REQCliCommand', methodArgs: ['touch', ran(name)] },
    ...{ replyMethod: 'REQNone', ACKTimeout: 1 },
  });
  /** Runs a first command, and waits until there is nothing left to write of it. */
  const begin = async () => {
    const [first] = await submitAll(node, command('first'));
    await waitForEnd(node, first!);
    await waitFor('all to be written', () => node.query('SELECT 1 FROM outbox').length === 0);
  };
  return { node, ran, command, begin };
}
