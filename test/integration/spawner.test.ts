import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { sharedFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { childrenOf, processesOf } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = sharedFleet();

test('a node killed with -9 leaves no spawner behind; its command is ended at the next start', async () => {
  const { central, ship1 } = await fleet();
  const spawner = await rush(central, ship1);
  const [id] = await submitAll(central, command('sleep 122'));
  await waitForState(central, id!, 'running');
  assert.equal((await childrenOf(spawner)).length, 1);
  await ship1.kill();
  await waitFor('the spawner to end', () => !isThere(spawner));
  assert.ok((await processesOf(id!)).length > 0, 'the command outlives its node');
  await ship1.start();
  assert.equal((await waitForEnd(central, id!)).state, 'interrupted');
  assert.deepEqual(await processesOf(id!), []);
});

test('a spawner killed in mid-command: that command is reported as interrupted, the next ones run', async () => {
  const { central, ship1 } = await fleet();
  const spawner = await rush(central, ship1);
  const [id] = await submitAll(central, command('sleep 123'));
  await waitForState(central, id!, 'running');
  process.kill(spawner, 'SIGKILL');
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'interrupted');
  assert.match(String(row.reason), /it is not run again/);
  // Not before: until the node has heard of the end of the spawner it would hand this command to it too.
  const [next] = await submitAll(central, command('echo next'));
  assert.equal((await waitForEnd(central, next!)).state, 'succeeded');
  assert.deepEqual(await processesOf(id!), []);
  assert.notEqual(await rush(central, ship1), spawner);
});

test('a node that stops cleanly ends its spawner, and 400 commands leave no file and no process', async () => {
  const { central, ship1 } = await fleet();
  const spawner = await rush(central, ship1);
  const ids = await submitAll(
    central,
    Array.from({ length: 400 }, () => command('true')),
  );
  for (const id of ids) assert.equal((await waitForEnd(central, id, 60_000)).state, 'succeeded');
  assert.deepEqual(await childrenOf(spawner), []);
  assert.deepEqual(await childrenOf(ship1.pid), [spawner]);
  const spool = join(ship1.databaseFolder, 'spool');
  assert.deepEqual(existsSync(spool) ? await readdir(spool) : [], []);
  assert.deepEqual(await ship1.stop(), { code: 0, signal: null });
  assert.ok(!isThere(spawner));
});

/** Sends commands until the node has a spawner that takes them, and returns its pid. */
async function rush(central: StewardNode, ship: StewardNode): Promise<number> {
  const path = join(ship.folder, 'parent');
  return waitFor('a spawner', async () => {
    const some = ['true', 'true', 'true', 'true', `echo $PPID > ${path}`].map(command);
    for (const id of await submitAll(central, some)) await waitForEnd(central, id);
    const parent = Number(readFileSync(path, 'utf8'));
    return parent !== ship.pid && parent;
  });
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

function command(script: string): object {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['/bin/sh', '-c', script],
    methodTimeout: 100,
    replyMethod: 'REQNone',
    ACKTimeout: 1,
  };
}

test('commands of a node have the soft limit of open files that its start script tells, and nothing else of it', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker, env: { STEWARD_OPEN_FILES: '321' } }, t);
  const script = 'ulimit -Sn; echo "[$STEWARD_OPEN_FILES$MALLOC_MMAP_THRESHOLD_$MALLOC_ARENA_MAX]"';
  const file = { toNode: 'central', directory: 'd', fileName: 'f' };
  await submitAll(node, { ...file, method: 'REQCliCommand', methodArgs: ['bash', '-c', script] });
  assert.equal(await node.waitForFile('d/central/f'), '321\n[]\n');
});
