import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { idOf, newId, noSpawner, replyText, runIdOf, setUpCommands } from '../../../test/support/commands.ts';
import { processesOf } from '../../../test/support/processes.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { killLeftovers } from '../../lib/kill-leftovers.ts';
import { createReqCliCommand } from './req-cli-command.ts';

test('a daemon in the background that has let go of the output is not waited for, and lives on', async (t) => {
  const { bash } = await setUp(t);
  const began = performance.now();
  const result = await bash('nohup sleep 109 >/dev/null 2>&1 & echo $!');
  assert.ok(performance.now() - began < 2000);
  assert.deepEqual([result.state, result.exitCode], ['succeeded', 0]);
  assert.deepEqual(await processesOf(idOf(result)), [replyText(result).trim()]);
  assert.equal((await killLeftovers(new Set([runIdOf(result)]))).size, 1);
});

for (const way of ['with', 'without'])
  test(`a command that ended while the node stood still, past its time-out or before it was cancelled, ended as it did, ${way} a spawner`, async (t) => {
    const given = way === 'with' ? {} : { spawner: noSpawner };
    const { bash, folder } = await setUpCommands(t, createReqCliCommand, given);
    /** Starts a script that ends, as `ending` says, once the node stands still. */
    const runPast = async (
      ending: string,
      fields: { timeout: number; stillMs: number; cancelling?: AbortController },
    ) => {
      const id = newId();
      const go = join(folder, id);
      const { timeout, stillMs, cancelling } = fields;
      const more = cancelling ? { signal: cancelling.signal } : {};
      const running = bash(`until [ -e ${go} ]; do sleep 0.02; done; ${ending}`, timeout, { id, ...more });
      await waitFor('it to begin', async () => (await processesOf(id)).length > 0);
      await writeFile(go, '');
      standStill(stillMs);
      cancelling?.abort();
      return running;
    };
    for (const [ending, state, exitCode] of [
      ['exit 0', 'succeeded', 0],
      ['exit 3', 'failed', 3],
      ['nohup sleep 113 >/dev/null 2>&1 & exit 0', 'succeeded', 0],
      ['exec sleep 114', 'timed-out', undefined],
    ] as const) {
      const result = await runPast(ending, { timeout: 2, stillMs: 2500 });
      assert.deepEqual([result.state, result.exitCode], [state, exitCode], ending);
      await killLeftovers(new Set([runIdOf(result)]));
    }
    const cancelling = new AbortController();
    const { state, exitCode } = await runPast('exit 0', { timeout: 20, stillMs: 800, cancelling });
    assert.deepEqual([state, exitCode], ['succeeded', 0], 'it had ended before it was cancelled');
  });

test('at its time-out such a daemon ends with the others', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash('sleep 110 >/dev/null 2>&1 & sleep 111 & echo begun', 0.3);
  assert.deepEqual([result.state, replyText(result)], ['timed-out', 'begun\n']);
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('large output is ended when the disk is nearly full, small output is not', async (t) => {
  const { bash } = await setUp(t, async () => 'the disk of /x is nearly full');
  assert.equal((await bash('echo small; sleep 1.2')).state, 'succeeded');
  const result = await bash('head -c 70000000 /dev/zero; exec sleep 112');
  assert.deepEqual([result.state, result.outputBytes], ['failed', 70_000_000]);
  assert.equal(result.reason, 'the command was ended because the disk of /x is nearly full');
  assert.match(result.error!, /cmd.Run failed : stopped, the disk of \/x is nearly full, methodArgs/);
  assert.deepEqual(await processesOf(idOf(result)), []);
});

/** As if the whole process were stopped, and went on after so long. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function setUp(t: TestContext, shortage?: () => Promise<string | undefined>) {
  return setUpCommands(t, createReqCliCommand, shortage ? { shortage } : {});
}
