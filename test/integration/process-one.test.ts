import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startStewardNode, stewardCommand } from '../support/node.ts';
import { childrenOf } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';

const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
const mayUnshare = spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status === 0;
const skip = mayUnshare ? false : 'needs the right to make a namespace of processes';

test('a node that is process 1 leaves no zombies, stops when it is told to, and says how it ended', {
  skip,
}, async (t) => {
  const command = [...UNSHARE, ...stewardCommand()];
  const node = await startStewardNode({ name: 'central', broker: '127.0.0.1:1', command }, t);
  const [first] = await childrenOf(node.pid);
  // Its starter is gone when it ends: the kernel hands it to process 1.
  const orphan = 'sleep 0.2 & echo $!';
  const enter = ['--target', String(first), '--pid', '--mount', 'sh', '-c', orphan];
  execFileSync('nsenter', enter, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  await waitFor('the orphan is collected', async () => (await childrenOf(first!)).length === 1);
  assert.deepEqual(
    (await childrenOf(first!)).map(stateOf).filter((state) => state === 'Z'),
    [],
  );
  process.kill(first!, 'SIGTERM');
  assert.equal((await node.program.exited).code, 0);
});

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
}
