import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { idOf, newId, runIdOf, setUpCommands } from '../../../test/support/commands.ts';
import { processMemory } from '../../../test/support/process-memory.ts';
import { processesOf } from '../../../test/support/processes.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { killLeftovers } from '../../lib/kill-leftovers.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { createReqCliCommandCont } from './req-cli-command-cont.ts';

test('lines come while the command runs, the first within 200 ms (fault 15)', async (t) => {
  const { bash, sent } = await setUp(t);
  const delays: number[] = [];
  // A busy machine may be late now and then.
  while (delays.length < 5 && !delays.some((ms) => ms < 200)) {
    const abort = new AbortController();
    const running = bash('date +%s%N; exec sleep 201', 20, { signal: abort.signal });
    await waitFor('the first line', () => sent.length > 0, { intervalMs: 1 });
    delays.push(Date.now() - Number(sent.pop()!.toString()) / 1e6);
    abort.abort(Object.assign(new Error('stop'), { code: 'cancelled' }));
    const { state, error } = await running;
    assert.deepEqual([state, error], ['cancelled', undefined]);
  }
  assert.ok(Math.min(...delays) < 200, `${delays} ms`);
});

test('stdout and stderr come in the order in which they were written, with their newlines (fault 15)', async (t) => {
  const { bash, all, left } = await setUp(t);
  const result = await bash(
    'for i in 1 2 3; do echo out$i; echo err$i >&2; done; echo last > /dev/stderr; printf end',
  );
  assert.equal(all(result).toString(), 'out1\nerr1\nout2\nerr2\nout3\nerr3\nlast\nend');
  assert.deepEqual([result.state, result.exitCode, result.outputBytes], ['succeeded', 0, 38]);
  assert.deepEqual(await left(), []);
});

test('it ends when the command ends, with its exit code and the report of the reference (fault 15)', async (t) => {
  const { bash, all } = await setUp(t);
  const began = performance.now();
  const result = await bash('echo a; echo oops >&2; exit 3', -1);
  assert.ok(performance.now() - began < 2000);
  assert.deepEqual([result.state, result.exitCode], ['failed', 3]);
  assert.equal(all(result).toString(), 'a\noops\n');
  assert.equal(Buffer.from(result.stderrTail!).toString(), 'a\noops\n');
  assert.match(
    result.error!,
    /^error: methodREQCliCommandCont: cmd.Run failed : exit status 3, methodArgs: \[bash -c/,
  );
});

test('at methodTimeout the tree ends, all output was sent, and the report is the info of the reference', async (t) => {
  const { bash, all } = await setUp(t);
  const result = await bash('echo part; sleep 202 & (setsid sleep 203 &) ; printf more; sleep 204', 0.4);
  assert.deepEqual([result.state, result.exitCode, result.signal], ['timed-out', undefined, 'SIGTERM']);
  assert.equal(all(result).toString(), 'part\nmore');
  assert.match(result.reason!, /ran until methodTimeout \(0.4 s\)/);
  assert.match(
    result.error!,
    /^info: methodREQCliCommandCont: method timeout reached, canceling: methodArgs: \[bash -c echo part;.*\]$/,
  );
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('silent commands, and those that close their output, end cleanly', async (t) => {
  const { bash, sent } = await setUp(t);
  const silent = await bash('exit 0');
  assert.deepEqual([silent.state, silent.reply, silent.outputBytes], ['succeeded', undefined, 0]);
  const closed = await bash('echo a; exec >&- 2>&-; sleep 0.3; exit 5');
  assert.deepEqual([closed.state, closed.exitCode], ['failed', 5]);
  assert.equal(Buffer.concat(sent).toString() + Buffer.from((closed.reply as Uint8Array) ?? []), 'a\n');
});

test('children that hold the output are waited for, others are not', async (t) => {
  const { bash, all } = await setUp(t);
  const held = await bash('(sleep 0.3; echo late) & echo early');
  assert.equal(all(held).toString(), 'early\nlate\n');
  const free = await bash('sleep 205 >/dev/null 2>&1 & echo begun', 10);
  assert.equal(free.state, 'succeeded');
  assert.equal((await killLeftovers(new Set([runIdOf(free)]))).size, 1);
  const away = await bash('setsid sleep 206 & sleep 0.1; echo begun', 10);
  assert.equal(away.state, 'succeeded');
  assert.equal((await killLeftovers(new Set([runIdOf(away)]))).size, 1);
});

test('output of any size and bytes comes whole, in few replies', async (t) => {
  const { run, folder, all, sent } = await setUp(t);
  const content = randomBytes(5_000_000);
  await writeFile(join(folder, 'binary'), content);
  const result = await run(['cat', join(folder, 'binary')]);
  assert.equal(hash(all(result)), hash(content));
  assert.ok(sent.length < 40, `${sent.length} replies`);
  const burst = await setUp(t);
  const lines = await burst.bash('seq 1 100000');
  assert.equal(burst.all(lines).toString().split('\n').length, 100_001);
  assert.ok(burst.sent.length < 10, `${burst.sent.length} replies for a burst`);
});

test('a line of 1 MB is no matter (fault 15)', async (t) => {
  const { bash, all } = await setUp(t);
  const result = await bash('head -c 1000000 /dev/zero | tr "\\0" x; echo; echo after');
  assert.equal(hash(all(result)), hash(Buffer.from(`${'x'.repeat(1_000_000)}\nafter\n`)));
});

test('while replies are not taken the command waits, and no memory is used', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { bash, all, folder } = await setUp(t, () => gate.promise);
  const before = (await processMemory(process.pid)).rssBytes;
  const running = bash(`for i in $(seq 1 600); do head -c 100000 /dev/zero; echo $i > ${folder}/done; done`);
  let last = { text: '', since: 0 };
  await waitFor('the command to stand still', async () => {
    const text = await readFile(join(folder, 'done'), 'utf8');
    if (text !== last.text) last = { text, since: performance.now() };
    return performance.now() - last.since > 300;
  });
  assert.ok(Number(last.text) < 20, `${last.text} pieces`);
  assert.ok((await processMemory(process.pid)).rssBytes - before < 30_000_000);
  gate.resolve();
  const result = await running;
  assert.deepEqual([result.state, all(result).length], ['succeeded', 60_000_000]);
});

test('a reply that can not be queued is tried again', async (t) => {
  let failures = 0;
  const { bash, all } = await setUp(t, async () => {
    if (failures++ === 0) throw new TemporaryError('the store is busy');
  });
  assert.equal(all(await bash('echo a; sleep 0.2; echo b')).toString(), 'a\nb\n');
  assert.equal(failures, 2);
});

test('an abort ends the tree and says whether it was a cancel or a stop', async (t) => {
  for (const [code, state] of [
    ['cancelled', 'cancelled'],
    ['stopping', 'interrupted'],
  ] as const) {
    const { bash, sent } = await setUp(t);
    const abort = new AbortController();
    const running = bash('echo begun; sleep 207 & wait', -1, { signal: abort.signal });
    await waitFor('its first line', () => sent.length > 0);
    abort.abort(Object.assign(new TemporaryError('stop'), { code }));
    const result = await running;
    assert.equal(result.state, state);
    assert.deepEqual(await processesOf(idOf(result)), []);
    const late = await bash('echo late', 20, { signal: abort.signal, id: newId() });
    assert.deepEqual([late.state, late.reply], [state, undefined]);
  }
});

test('what can not be started fails in words', async (t) => {
  const { run, folder, left } = await setUp(t);
  for (const [args, words] of [
    [null, /methodArgs is empty/],
    [['nope-there-is-none'], /"nope-there-is-none": executable file not found in \$PATH/],
    [[folder], /permission denied/],
    [['echo', '{{STEWARD_DATA}}'], /STEWARD_DATA_FILE/],
  ] as const) {
    const result = await run(args as string[] | null, { data: [Buffer.from([0, 1])] });
    assert.deepEqual([result.state, result.reply], ['failed', undefined]);
    assert.match(result.reason!, words);
    assert.match(result.error!, /^error: methodREQCliCommandCont: /);
  }
  assert.deepEqual(await left(), []);
});

/** `all` is what came in replies and in the result together. */
async function setUp(t: TestContext, before: () => Promise<void> = async () => {}) {
  const sent: Buffer[] = [];
  const reply = async (data: Uint8Array) => {
    await before();
    sent.push(Buffer.from(data));
  };
  const all = ({ reply: last }: RunResult) =>
    Buffer.concat([...sent.splice(0, sent.length), ...(last ? [last as Uint8Array] : [])]);
  return { ...(await setUpCommands(t, createReqCliCommandCont, { reply })), sent, all };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
