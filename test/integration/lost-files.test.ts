import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

/** What happens to a file or folder of a running node, and how it is mended. */
interface Loss {
  readonly at: string;
  readonly how: 'removed' | 'replaced by a file' | 'moved away';
}

const LOSSES: readonly Loss[] = [
  { at: 'tmp', how: 'removed' },
  { at: 'tmp/stew.sock', how: 'removed' },
  { at: 'tmp/steward.sock', how: 'replaced by a file' },
  { at: 'tmp', how: 'moved away' },
  { at: 'var/lib/spool', how: 'removed' },
  { at: 'var/lib/spool', how: 'replaced by a file' },
  { at: 'var/lib/store.log', how: 'removed' },
  { at: 'data', how: 'removed' },
  { at: 'data', how: 'replaced by a file' },
];

/** A command whose output does not fit into memory: it goes by way of the folder for output. */
const LARGE = ['head', '-c', '600000', '/dev/zero'];

const node = shared(async (scope) =>
  startStewardNode({ name: 'central', broker: await startBroker(scope) }, scope),
);

for (const { at, how } of LOSSES) {
  test(`a node whose ${at} is ${how} lives, and goes on when that is mended`, async () => {
    const central = await node();
    const path = join(central.folder, at);
    await work(central);
    if (how === 'moved away') await rename(path, `${path}.old`);
    else await rm(path, { recursive: true });
    if (how === 'replaced by a file') {
      await writeFile(path, 'in its place');
      if (at === 'var/lib/spool') assert.match(await commandFault(central), /is no folder: move away/);
      await rm(path);
      if (at === 'data') await mkdir(path);
    }
    await waitFor('the node to work', () => work(central).catch(() => false), { timeoutMs: 30_000 });
    await rm(`${path}.old`, { recursive: true, force: true });
  });
}

/** A command with its output, by way of both sockets. */
async function work(central: StewardNode): Promise<boolean> {
  const [id] = await submitAll(central, {
    ...{ toNode: 'central', method: 'REQCliCommand', methodArgs: LARGE },
    ...{ replyMethod: 'REQToFileAppend', directory: 'd', fileName: 'out' },
  });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  const { stdout } = await callSteward(['status', id!], {
    socketPath: join(central.folder, 'tmp/stew.sock'),
  });
  assert.match(stdout, /succeeded/);
  return true;
}

async function commandFault(central: StewardNode): Promise<string> {
  const [id] = await submitAll(central, {
    ...{ toNode: 'central', method: 'REQCliCommand', methodArgs: LARGE, replyMethod: 'REQNone' },
  });
  return String((await waitForEnd(central, id!)).reason);
}
