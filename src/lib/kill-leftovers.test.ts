import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runningProcesses } from '../../test/support/processes.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { killLeftovers } from './kill-leftovers.ts';

const TREE = "trap '' TERM; sleep 109 & wait; sleep 110";

test('leftovers of a dead node are ended by their run id, and nothing else is', async (t) => {
  const id = randomUUID();
  const run = runIdOf(id);
  const ofRun = begin(t, { STEWARD_REQUEST_ID: id, STEWARD_RUN_ID: run });
  const spared = [
    begin(t, { STEWARD_REQUEST_ID: id, STEWARD_RUN_ID: run.replace('/1/1/', '/1/2/') }),
    begin(t, { STEWARD_REQUEST_ID: id, STEWARD_RUN_ID: `other${run}` }),
    begin(t, { STEWARD_REQUEST_ID: id }),
  ];
  await waitFor('all trees', async () => (await running(id)).length === 8);
  assert.deepEqual(await killLeftovers(new Set([run, 'unknown'])), new Set([run]));
  await waitFor('the leftovers to end', async () => (await running(id)).length === 6);
  await ended(ofRun);
  for (const { exitCode, signalCode } of spared) assert.deepEqual([exitCode, signalCode], [null, null]);
});

test('an empty or a strange id is never looked for', async (t) => {
  const mark = randomUUID();
  const child = begin(t, { MARK: mark, STEWARD_REQUEST_ID: '', STEWARD_RUN_ID: '' });
  const older = begin(t, { MARK: mark, STEWARD_REQUEST_ID: '' });
  await waitFor('both trees', async () => (await runningProcesses('MARK', mark)).length === 4);
  const ids = new Set(['', 'x', '/1/1/']);
  assert.deepEqual(await killLeftovers(ids, { requestIds: ids }), new Set());
  assert.deepEqual([child.exitCode, older.exitCode], [null, null]);
});

test('what a version without run ids left is found by its request id', async (t) => {
  const id = randomUUID();
  const older = begin(t, { STEWARD_REQUEST_ID: id });
  const other = begin(t, { STEWARD_REQUEST_ID: id, STEWARD_RUN_ID: runIdOf(id) });
  await waitFor('both trees', async () => (await running(id)).length === 4);
  const killed = await killLeftovers(new Set(['test/9/9/none']), { requestIds: new Set([id]), graceMs: 200 });
  assert.deepEqual(killed, new Set([id]));
  await ended(older);
  assert.deepEqual([other.exitCode, other.signalCode], [null, null]);
});

test('what a process starts when it gets TERM gets TERM too, before KILL', async (t) => {
  const { path } = await tempFolder(t);
  const id = randomUUID();
  const late = `trap 'echo polite > ${join(path, 'late')}; exit' TERM; while true; do sleep 0.05; done`;
  const script = `trap "bash -c \\"\\$LATE\\" & exit" TERM; touch ${join(path, 'ready')}; while true; do sleep 0.05; done`;
  const env = { STEWARD_REQUEST_ID: id, STEWARD_RUN_ID: runIdOf(id), LATE: late };
  const child = begin(t, env, script);
  await waitFor('the trap', () => readFile(join(path, 'ready')));
  await killLeftovers(new Set([runIdOf(id)]));
  await ended(child);
  assert.equal(await readFile(join(path, 'late'), 'utf8'), 'polite\n');
  assert.deepEqual(await running(id), []);
});

function runIdOf(id: string): string {
  return `test/1/1/${id}`;
}

function running(id: string): Promise<string[]> {
  return runningProcesses('STEWARD_REQUEST_ID', id);
}

function begin(t: TestContext, env: Record<string, string>, script = TREE) {
  const child = spawn('bash', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  t.after(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return child;
}

async function ended(child: ReturnType<typeof begin>): Promise<void> {
  await waitFor('a process to end', () => child.exitCode !== null || child.signalCode !== null);
}
