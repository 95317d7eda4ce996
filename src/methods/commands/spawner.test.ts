import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
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

test('without Perl five commands in quick succession get a spawner, without waiting for it', async (t) => {
  const spawner = new Spawner({ env: process.env, perl: undefined });
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

test('with Perl the first command gets a spawner, without waiting for it', async (t) => {
  const spawner = new Spawner({ env: process.env });
  t.after(() => spawner[Symbol.asyncDispose]());
  const { bash } = await setUp(t, spawner);
  assert.equal(replyText(await bash('echo $PPID')), `${process.pid}\n`);
  await waitFor('the spawner to be ready', () => spawner.isReady());
  const pid = await pidOfSpawner();
  assert.equal(replyText(await bash('echo $PPID')), `${pid}\n`);
  assert.match(await readFile(`/proc/${pid}/cmdline`, 'latin1'), /^steward-spawner/);
});

for (const perl of ['/bin/false', '/nope/perl']) {
  test(`where Perl does not do, a rush gets an engine (${perl})`, async (t) => {
    const spawner = await readySpawner(t, { perl });
    const { bash } = await setUp(t, spawner);
    const pid = await pidOfSpawner();
    assert.equal(replyText(await bash('echo $PPID')), `${pid}\n`);
    assert.match(await readFile(`/proc/${pid}/cmdline`, 'latin1'), /spawner-process/);
  });
}

for (const kind of ['Perl', 'an engine', 'no spawner'] as const) {
  test(`with ${kind} all is the same`, async (t) => {
    const env = { ...process.env, INHERITED: 'yes', EMPTY: '', LINES: 'a\nb' };
    const perl = kind === 'Perl' ? {} : { perl: undefined };
    const spawner = kind === 'no spawner' ? noSpawner : await readySpawner(t, { env, ...perl });
    const { bash, run, folder, left } = await setUpCommands(t, createReqCliCommand, {
      spawner,
      options: { env },
    });
    const result = await bash('echo "$INHERITED $EMPTY$LINES" $STEWARD_REQUEST_ID; echo wrong >&2; exit 3');
    assert.deepEqual(
      [result.state, result.exitCode, replyText(result), String(result.stderrTail)],
      ['failed', 3, `yes a\nb ${idOf(result)}\n`, 'wrong\n'],
    );
    assert.deepEqual(
      [(await bash('exit 143')).exitCode, (await bash('kill -15 $$')).signal],
      [143, 'SIGTERM'],
    );
    assert.equal(replyText(await run(['printf', '%s|', '', 'ä\n', 'c'])), '|ä\n|c|');
    assert.equal(replyText(await bash('sleep 0.1; echo later')), 'later\n');
    assert.match(replyText(await bash('cut -d" " -f5,6 /proc/$$/stat')), /^(\d+) \1\n$/);
    // What these tests were started with may be open too, as for any program that Node starts.
    const openFiles = await promisify(execFile)('ls', ['/proc/self/fd']);
    assert.equal(replyText(await run(['ls', '/proc/self/fd'])), openFiles.stdout);
    await writeFile(join(folder, 'no-program'), '', { mode: 0o644 });
    const reasons = [
      ['nope-there-is-none'],
      ['/nope/there'],
      [join(folder, 'no-program')],
      ['echo', 'x'.repeat(200_000)],
    ];
    const said = await Promise.all(reasons.map(async (args) => (await run(args)).reason!));
    assert.match(said[0]!, /executable file not found in \$PATH/);
    assert.match(said[1]!, /the program \/nope\/there does not exist/);
    assert.match(said[2]!, /may not be executed: permission denied/);
    assert.match(said[3]!, /larger than the system allows/);
    const given = await bash('echo {{STEWARD_DATA}}', 20, { data: [Buffer.from('given')] });
    assert.equal(replyText(given), 'given\n');
    assert.equal(
      replyText(await bash('env | grep -c "^STEWARD_[DR]"')),
      '2\n',
      'and the next has nothing of it',
    );
    assert.deepEqual(await left(), []);
  });
}

const PROGRAMS = { Perl: {}, 'an engine': { perl: undefined } };

for (const [name, own] of Object.entries(PROGRAMS)) {
  test(`a spawner killed in mid-command: the command is interrupted and ended, the next ones run (${name})`, async (t) => {
    const spawner = await readySpawner(t, own);
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

  test(`a spawner killed while idle is replaced (${name})`, async (t) => {
    const spawner = await readySpawner(t, own);
    const { bash } = await setUp(t, spawner);
    const first = await pidOfSpawner();
    process.kill(first, 'SIGKILL');
    // Whatever it is that this command meets, it ends.
    await bash('true');
    await waitFor('another spawner', () => spawner.isReady());
    assert.equal((await bash('true')).state, 'succeeded');
    assert.notEqual(await pidOfSpawner(), first);
  });

  test(`a spawner that hangs is ended with the node; a command in it is interrupted (${name})`, async (t) => {
    const spawner = await readySpawner(t, own);
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

  test(`signals to all processes of a node leave its spawner to the node (${name})`, async (t) => {
    const spawner = await readySpawner(t, own);
    const { bash } = await setUp(t, spawner);
    const pid = await pidOfSpawner();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.kill(pid, signal);
    assert.equal(replyText(await bash('echo $PPID')), `${pid}\n`);
  });

  test(`a spawner with nothing to do goes away, one with a command does not (${name})`, async (t) => {
    const spawner = await readySpawner(t, { ...own, idleMs: 200 });
    const { bash } = await setUp(t, spawner);
    assert.equal((await bash('sleep 0.5')).state, 'succeeded');
    await waitFor('the spawner to go', async () => (await childrenOf(process.pid)).length === 0);
  });

  test(`1,000 commands leave no file, no zombie and no memory behind (${name})`, async (t) => {
    const spawner = await readySpawner(t, own);
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
}

async function pidOfSpawner(): Promise<number> {
  const children = await childrenOf(process.pid);
  assert.equal(children.length, 1);
  return children[0]!;
}

function setUp(t: TestContext, spawner: Pick<Spawner, 'isReady' | 'start'>) {
  return setUpCommands(t, createReqCliCommand, { spawner });
}
