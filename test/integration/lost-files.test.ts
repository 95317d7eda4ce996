import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode, stewardCommand } from '../support/node.ts';
import { shared } from '../support/shared.ts';
import { canMount } from '../support/small-disk.ts';
import { waitFor } from '../support/wait-for.ts';

/** What happens to a file or folder of a running node, and how it is mended. */
interface Loss {
  readonly at: string;
  readonly how: 'removed' | 'replaced by a file' | 'moved away' | 'read-only';
  /** What the node answers meanwhile to a command with much output; it goes on by itself where nothing is said. */
  readonly says?: RegExp;
}

const NO_FOLDER = /is no folder: move away/;
const NO_DATABASE = /steward\.db was deleted while the node runs: put it back/;

const LOSSES: readonly Loss[] = [
  { at: 'tmp', how: 'removed' },
  { at: 'tmp/stew.sock', how: 'removed' },
  { at: 'tmp/steward.sock', how: 'replaced by a file' },
  { at: 'tmp', how: 'replaced by a file' },
  { at: 'tmp', how: 'moved away' },
  { at: 'var/lib/spool', how: 'removed' },
  { at: 'var/lib/spool', how: 'replaced by a file', says: NO_FOLDER },
  { at: 'var/lib/pipes', how: 'removed' },
  { at: 'var/lib/pipes', how: 'replaced by a file', says: NO_FOLDER },
  { at: 'var/lib/copies', how: 'replaced by a file' },
  { at: 'var/lib/newest-id', how: 'removed' },
  { at: 'var/lib/store.log', how: 'removed' },
  { at: 'var/lib/steward.lock', how: 'removed' },
  { at: 'var/lib/steward.db-shm', how: 'removed' },
  { at: 'var/lib/steward.db', how: 'moved away', says: NO_DATABASE },
  { at: 'var/lib', how: 'moved away', says: NO_DATABASE },
  { at: 'etc/config.toml', how: 'replaced by a file' },
  { at: 'etc', how: 'removed' },
  { at: 'startup', how: 'removed' },
  { at: 'startup', how: 'replaced by a file' },
  { at: 'data', how: 'removed' },
  { at: 'data', how: 'replaced by a file' },
  { at: 'data', how: 'read-only' },
  { at: 'var/lib/spool', how: 'read-only', says: /its output could not be kept: EROFS/ },
];

/** A command whose output does not fit into memory: it goes by way of the folder for output. */
const LARGE = ['head', '-c', '600000', '/dev/zero'];

const node = shared(async (scope) =>
  startStewardNode(
    {
      ...{ name: 'central', broker: await startBroker(scope), config: '' },
      flags: { startupFolder: './startup' },
    },
    scope,
  ),
);
const mayMount = await canMount();

for (const { at, how, says } of LOSSES) {
  test(`a node whose ${at} is ${how} lives, and goes on when that is mended`, {
    skip: how === 'read-only' && !mayMount && 'it takes the right to mount',
  }, async () => {
    const central = await node();
    const path = join(central.folder, at);
    await work(central);
    await (how === 'read-only' ? mount(path) : rename(path, `${path}.old`).catch(() => {}));
    if (how === 'replaced by a file') await writeFile(path, 'in its place');
    if (says) assert.match(await commandFault(central), says);
    if (how === 'read-only') execFileSync('umount', ['-l', path]);
    else if (how === 'replaced by a file') await rm(path);
    if (says === NO_DATABASE || at === 'data') await rename(`${path}.old`, path).catch(() => {});
    await waitFor('the node to work', () => work(central).catch(() => false), { timeoutMs: 30_000 });
    await rm(`${path}.old`, { recursive: true, force: true });
  });
}

test('a node on a machine without /proc works, and takes what it had accepted on after a crash', {
  skip: !mayMount && 'it takes the right to mount',
}, async (t) => {
  const hide = 'mount -t tmpfs -o ro none /proc && exec "$@"';
  const command = ['unshare', '--mount', '/bin/sh', '-c', hide, 'sh', ...stewardCommand()];
  const central = await startStewardNode({ name: 'central', broker: await startBroker(t), command }, t);
  await work(central);
  const runs = join(central.folder, 'runs');
  const ids = await submitAll(
    central,
    ['sleep 5', 'true'].map((script) => ({
      ...{ toNode: 'central', method: 'REQCliCommand', replyMethod: 'REQNone' },
      methodArgs: ['sh', '-c', `echo ${script} >> ${runs}; ${script}`],
    })),
  );
  await waitFor('the first', () => readFile(runs, 'utf8').catch(() => ''));
  await central.restart();
  // Without /proc nobody finds what still runs.
  const [first, second] = await Promise.all(ids.map(async (id) => (await waitForEnd(central, id)).state));
  assert.deepEqual([first, second], ['interrupted', 'succeeded']);
  assert.equal(await readFile(runs, 'utf8'), 'sleep 5\ntrue\n');
  await work(central);
});

async function mount(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', path]);
}

/** A command with its output, by way of both sockets. */
async function work(central: StewardNode): Promise<boolean> {
  const [id] = await submitAll(central, {
    ...{ toNode: 'central', method: 'REQCliCommand', methodArgs: LARGE },
    ...{ replyMethod: 'REQToFileAppend', directory: 'd', fileName: 'out' },
  });
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  const socketPath = join(central.folder, 'tmp/stew.sock');
  // Without the file that all processes share, this one may see a commit a moment before the node does.
  const isEnded = async () => /succeeded/.test((await callSteward(['status', id!], { socketPath })).stdout);
  await waitFor('its status to say so', isEnded, { timeoutMs: 5000 });
  return true;
}

/** Why a command with much output is not accepted, or fails. */
async function commandFault(central: StewardNode): Promise<string> {
  const message = { toNode: 'central', method: 'REQCliCommand', methodArgs: LARGE, replyMethod: 'REQNone' };
  const { accepted, refused } = await central.submit([message]);
  const [id] = (accepted as { id: string }[]).map((one) => one.id);
  if (id === undefined) return (refused as { reason: string }[])[0]!.reason;
  return String((await waitForEnd(central, id)).reason);
}
