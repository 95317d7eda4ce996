import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { sharedFleet, startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { startStewardNode } from '../support/node.ts';
import { processesOf } from '../support/processes.ts';
import { runCli } from '../support/steward-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor, waitForFile } from '../support/wait-for.ts';

const fleet = sharedFleet();

test('fault 6: a command whose node is killed ends as interrupted, is reported, leaves nothing behind, and is not run again', async () => {
  const { central, ship1 } = await fleet();
  const runs = join(ship1.folder, 'runs');
  const [id, next] = await submitAll(central, [
    command(`echo begun >> ${runs}; sleep 60; echo ended >> ${runs}`),
    command('echo next'),
  ]);
  await waitForState(central, id!, 'running');
  assert.equal((await waitForEnd(central, next!)).state, 'succeeded');
  await ship1.kill();
  assert.ok((await processesOf(id!)).length > 0, 'the command outlives its node');
  await ship1.start();
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'interrupted');
  assert.match(String(row.reason), /stopped while this ran/);
  assert.deepEqual(await processesOf(id!), []);
  await central.waitForFile('errorLog/errorCentral/error.log', (text) =>
    /node: ship1, error: .*not run again/.test(text),
  );
  assert.equal(await ship1.file('../runs'), 'begun\n');
});

test('fault 6: commands that a killed node had accepted but not begun run after its start, in order', async () => {
  const { central, ship1 } = await fleet();
  const runs = join(ship1.folder, 'in-order');
  const ids = await submitAll(central, [
    command('sleep 0.8'),
    ...Array.from({ length: 20 }, (_, index) => command(`echo ${index} >> ${runs}`)),
  ]);
  await waitForState(central, ids.at(-1)!, 'accepted');
  await ship1.kill();
  assert.ok(!existsSync(runs), 'none had begun');
  await ship1.start();
  const rows = await Promise.all(ids.map((id) => waitForEnd(central, id)));
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['interrupted', ...Array(20).fill('succeeded')],
  );
  assert.equal(
    await ship1.file('../in-order'),
    Array.from({ length: 20 }, (_, index) => `${index}\n`).join(''),
  );
});

test('fault 24: SIGTERM stops a node within 10 s with exit code 0; what runs ends as interrupted, and its group is gone', async () => {
  const { central, ship1 } = await fleet();
  const [id] = await submitAll(central, command('trap "" TERM; sleep 60 & wait; sleep 60'));
  await waitForState(central, id!, 'running');
  const startedAt = performance.now();
  assert.deepEqual(await ship1.stop(), { code: 0, signal: null });
  assert.ok(performance.now() - startedAt < 10_000);
  await waitFor('the processes to be gone', async () => (await processesOf(id!)).length === 0);
  assert.ok(!existsSync(ship1.socketPath), 'the socket is removed');
  await ship1.start();
  assert.equal((await waitForEnd(central, id!)).state, 'interrupted');
});

test('SIGTERM stops a node without a broker, and one with a frozen broker, within 10 s', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  await submitAll(central, command('true'));
  broker.pause();
  t.after(async () => broker.resume());
  assert.deepEqual(await ship1.stop(), { code: 0, signal: null });
  broker.resume();
  await broker.kill();
  assert.deepEqual(await central.stop(), { code: 0, signal: null });
});

function command(script: string): object {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    methodTimeout: 100,
    replyMethod: 'REQNone',
    ACKTimeout: 1,
  };
}

test('SIGHUP, SIGUSR1 and SIGUSR2 neither end a node nor open a debugger, and a log that was set aside is made anew', async () => {
  const { central, ship1 } = await fleet();
  const audit = join(central.databaseFolder, 'store.log');
  await rename(audit, `${audit}.aside`);
  process.kill(central.pid, 'SIGHUP');
  process.kill(ship1.pid, 'SIGUSR1');
  process.kill(ship1.pid, 'SIGUSR2');
  const [id] = await submitAll(central, { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['true'] });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  await waitForFile(audit, (text) => text.includes(id!));
  for (const node of [central, ship1]) {
    assert.deepEqual(await node.stop(), { code: 0, signal: null });
    assert.doesNotMatch(node.program.stderr, /Debugger/);
  }
});

test('a node whose socket folder has a long path says so, and the commands find it', async (t) => {
  const broker = await startBroker(t);
  const folder = join((await tempFolder(t)).path, 'long'.repeat(30));
  await mkdir(folder);
  const node = await startStewardNode({ name: 'central', broker, folder, waitUntilReady: false }, t);
  await waitFor('the start', () => node.program.stderr.includes('"started"'), { timeoutMs: 60_000 });
  assert.match(node.program.stderr, /warning: socketFolder is too long for a socket/);
  const list = await runCli(['nodes'], { folder });
  assert.equal(list.code, 0, list.stderr);
});
