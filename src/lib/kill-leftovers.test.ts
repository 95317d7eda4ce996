import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { processesOf } from '../../test/support/processes-of.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { killLeftovers } from './kill-leftovers.ts';

test('leftovers of a dead node are ended by their request id, and nothing else is', async (t) => {
  const id = `left-${randomBytes(6).toString('hex')}`;
  const begin = (requestId: string) => {
    const child = spawn('bash', ['-c', "trap '' TERM; sleep 109 & wait; sleep 110"], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, STEWARD_REQUEST_ID: requestId },
    });
    t.after(() => child.kill('SIGKILL'));
    return child;
  };
  begin(id);
  const spared = begin(`${id}-other`);
  await waitFor(
    'both trees',
    async () => (await processesOf(id)).length === 2 && (await processesOf(`${id}-other`)).length === 2,
  );
  assert.equal(await killLeftovers(new Set([id, 'unknown'])), 2);
  await waitFor('the leftovers to end', async () => (await processesOf(id)).length === 0);
  assert.equal((await processesOf(`${id}-other`)).length, 2);
  assert.equal(await killLeftovers(new Set([`${id}-other`])), 2);
  assert.notEqual(spared.pid, undefined);
});
