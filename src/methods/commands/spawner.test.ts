import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import {
  idOf,
  newId,
  noSpawner,
  readySpawner,
  replyText,
  setUpCommands,
} from '../../../test/support/commands.ts';
import { settle } from '../../../test/support/manual-clock.ts';
import { childrenOf, processesOf } from '../../../test/support/processes.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { createReqCliCommand } from './req-cli-command.ts';
import { Spawner } from './spawner.ts';

test('five commands in quick succession get a spawner, without waiting for it', async (t) => {
  const spawner = new Spawner({ env: process.env });
  t.after(() => spawner[Symbol.asyncDispose]());
  const { bash } = await setUp(t, spawner);
  const parents: string[] = [];
  await waitFor('a command of the spawner', async () => {
    const some = await Promise.all(Array.from({ length: 5 }, () => bash('echo $PPID')));
    parents.push(...some.map((result) => replyText(result).trim()));
    return parents.at(-1) !== String(process.pid);
  });
  assert.deepEqual(parents.slice(0, 5), Array(5).fill(String(process.pid)));
  assert.equal(parents.at(-1), String(await pidOfSpawner()));
});

test('without a spawner all is the same', async (t) => {
  const { bash, run, left } = await setUp(t, noSpawner);
  const result = await bash('echo $INHERITED $STEWARD_REQUEST_ID; exit 3');
  assert.deepEqual(
    [result.state, result.exitCode, replyText(result)],
    ['failed', 3, `yes ${idOf(result)}\n`],
  );
  assert.match((await run(['nope-there-is-none'])).reason!, /executable file not found in \$PATH/);
  assert.deepEqual(await left(), []);
});

test('a spawner killed in mid-command: the command is interrupted and ended, the next ones run', async (t) => {
  const spawner = await readySpawner(t, { ...process.env, INHERITED: 'yes' });
  const { bash, left } = await setUp(t, spawner);
  const id = newId();
  const running = bash('echo begun; setsid sleep 121 & sleep 120; true', 20, { id });
  await waitFor('the command to run', async () => (await processesOf(id)).length >= 3);
  process.kill(await pidOfSpawner(), 'SIGKILL');
  const result = await running;
  assert.deepEqual([result.state, replyText(result)], ['interrupted', 'begun\n']);
  assert.match(result.reason!, /ended too; it is not run again/);
  assert.match(result.error!, /cmd.Run failed : stopped/);
  assert.deepEqual(await processesOf(id), []);
  assert.equal(replyText(await bash('echo next')), 'next\n');
  await waitFor('another spawner', () => spawner.isReady());
  assert.equal(replyText(await bash('echo $PPID')), `${await pidOfSpawner()}\n`);
  assert.deepEqual(await left(), []);
});

test('a spawner killed while idle is replaced', async (t) => {
  const spawner = await readySpawner(t);
  const { bash } = await setUp(t, spawner);
  const first = await pidOfSpawner();
  process.kill(first, 'SIGKILL');
  // Whatever it is that this command meets, it ends.
  await bash('true');
  await waitFor('another spawner', () => spawner.isReady());
  assert.equal((await bash('true')).state, 'succeeded');
  assert.notEqual(await pidOfSpawner(), first);
});

test('a spawner that hangs is ended with the node; a command in it is interrupted', async (t) => {
  const spawner = await readySpawner(t);
  const { run } = await setUp(t, spawner);
  // With pipes at hand, the next command is with the spawner at once.
  await run(['/bin/echo']);
  process.kill(await pidOfSpawner(), 'SIGSTOP');
  const running = run(['/bin/echo']);
  await settle();
  await spawner[Symbol.asyncDispose]();
  assert.equal((await running).state, 'interrupted');
  assert.deepEqual(await childrenOf(process.pid), []);
});

test('signals to all processes of a node leave its spawner to the node', async (t) => {
  const spawner = await readySpawner(t);
  const { bash } = await setUp(t, spawner);
  const pid = await pidOfSpawner();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.kill(pid, signal);
  assert.equal(replyText(await bash('echo $PPID')), `${pid}\n`);
});

test('a spawner with nothing to do goes away, one with a command does not', async (t) => {
  const spawner = await readySpawner(t, process.env, 200);
  const { bash } = await setUp(t, spawner);
  assert.equal((await bash('sleep 0.5')).state, 'succeeded');
  await waitFor('the spawner to go', async () => (await childrenOf(process.pid)).length === 0);
});

test('1,000 commands leave no file, no zombie and no memory behind', async (t) => {
  const spawner = await readySpawner(t);
  const { run, left } = await setUp(t, spawner);
  const pid = await pidOfSpawner();
  for (let number = 0; number < 1000; number += 10) {
    const results = await Promise.all(Array.from({ length: 10 }, () => run(['/bin/echo', String(number)])));
    for (const result of results) assert.equal(replyText(result), `${number}\n`);
  }
  assert.deepEqual(await left(), []);
  assert.deepEqual(await childrenOf(process.pid), [pid]);
  assert.deepEqual(await childrenOf(pid), []);
  assert.ok((await readdir(`/proc/${pid}/fd`)).length < 40);
  const rss = Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]);
  t.diagnostic(`the spawner has ${rss} KB`);
  assert.ok(rss < 120_000, `${rss} KB`);
});

async function pidOfSpawner(): Promise<number> {
  const children = await childrenOf(process.pid);
  assert.equal(children.length, 1);
  return children[0]!;
}

function setUp(t: TestContext, spawner: Pick<Spawner, 'isReady' | 'start'>) {
  return setUpCommands(t, createReqCliCommand, { spawner });
}
