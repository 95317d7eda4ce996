import assert from 'node:assert/strict';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { errorLog, FAST_RECONNECT, sentOn, sharedFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { append, command } from '../support/ship1-messages.ts';
import { waitFor } from '../support/wait-for.ts';

const fleet = sharedFleet();

test('fault 16: starting a method that runs is refused, and every command still runs once', async () => {
  const { central, ship1 } = await fleet();
  const runs = join(ship1.folder, 'runs');
  const again = await ended(central, op('REQOpProcessStart', 'REQCliCommand'));
  assert.equal(again.state, 'failed');
  assert.match(
    String(again.reason),
    /REQCliCommand is already started, as ship1\.REQCliCommand\.CommandACK with id \d+/,
  );
  assert.equal((await ended(central, command(`echo one >> ${runs}`))).state, 'succeeded');
  assert.equal(await ship1.file('../runs'), 'one\n');
});

test('fault 16: stopping takes three or four arguments; what is stopped takes nothing until it is started', async () => {
  const { central, ship1 } = await fleet();
  const runs = join(ship1.folder, 'stopped');
  for (const withId of [false, true]) {
    const stop = op(
      'REQOpProcessStop',
      'REQCliCommand',
      'ship1',
      'subscriber',
      ...(withId ? [await idOf(central)] : []),
    );
    assert.equal((await ended(central, stop)).state, 'succeeded');
    const [waiting] = await submitAll(central, command(`echo ${withId} >> ${runs}`));
    assert.equal((await ended(central, { ...append('x\n') })).state, 'succeeded');
    assert.ok(
      ['queued', 'sent'].includes(String(sentOn(central, 'ship1.REQCliCommand.CommandACK').at(-1)?.state)),
    );
    assert.equal((await ended(central, op('REQOpProcessStart', 'REQCliCommand'))).state, 'succeeded');
    assert.equal((await waitForEnd(central, waiting!)).state, 'succeeded');
  }
  assert.equal(await ship1.file('../stopped'), 'false\ntrue\n');
  for (const args of [
    [],
    ['REQCliCommand'],
    ['REQOpProcessStart', 'ship1', 'subscriber'],
    ['x', 'y', 'z', '-1'],
  ]) {
    assert.equal((await ended(central, op('REQOpProcessStop', ...args))).state, 'failed', args.join());
  }
});

test('fault 22: metrics are served where the flag says and nowhere else, and nothing else is served there', async (t) => {
  const broker = await startBroker(t);
  const port = await freePort();
  const flags = { ...FAST_RECONNECT, promHostAndPort: `127.0.0.1:${port}` };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  const silent = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  assert.match(await central.metrics(), /^steward_processes_total \d+$/m);
  for (const path of ['/', '/debug/pprof/', '/debug/pprof/heap', '/data', '/../etc/passwd', '/metrics/x']) {
    assert.equal((await fetch(`http://127.0.0.1:${port}${path}`)).status, 404, path);
  }
  assert.deepEqual(await listeningPorts(central.pid), [`0100007F:${port}`]);
  assert.deepEqual(await listeningPorts(silent.pid), []);
});

test('fault 26: store.log lies in the database folder and tells of each message what it takes to send it again, and its outcome', async () => {
  const { central } = await fleet();
  const lines = [append('one\n'), { ...append('two\n'), fileName: 'x'.repeat(250) }];
  const ids = await submitAll(central, [...lines, command('exit 7')]);
  for (const id of ids) await waitForEnd(central, id);
  const entries = await waitFor('all entries', async () => {
    const found = (await central.audit()).filter(({ id }) => ids.includes(String(id)));
    return found.length >= 3 && found;
  });
  assert.equal(entries.length, 3, 'one line for each');
  const [one, , seven] = ids.map((id) => entries.find((entry) => entry.id === id)!);
  assert.equal(one!.state, 'succeeded');
  assert.equal(seven!.state, 'failed');
  assert.equal(seven!.exitCode, 7);
  // What it says can be handed in again as it is.
  const { id: _, FromNode: __, ...message } = one!.message as Record<string, unknown>;
  assert.equal((await ended(central, message)).state, 'succeeded');
  const { mode } = await stat(join(central.databaseFolder, 'store.log'));
  assert.equal(mode & 0o077, 0, 'others may not read it');
});

test('fault 27: errors are collected by the central node alone', async () => {
  const { central, ship1 } = await fleet();
  await ended(ship1, { ...command('exit 1'), toNode: 'central' });
  await central.waitForFile('errorLog/errorCentral/error.log', (text) => text.includes('exit status 1'));
  const line = (await errorLog(central)).split('\n').find((text) => text.includes('exit status 1'));
  assert.match(line!, /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}, node: central, error: /);
  assert.ok(!(await readdir(ship1.dataFolder)).includes('errorLog'));
});

test('a node that says hello is written down under its name', async () => {
  const { central, ship1 } = await fleet();
  await ship1.restart();
  const text = await central.waitForFile('hello-messages/ship1/hello.log');
  assert.match(text, /, Received hello from "ship1"\n$/);
});

async function ended(node: StewardNode, message: object): Promise<Record<string, unknown>> {
  const [id] = await submitAll(node, message);
  return waitForEnd(node, id!);
}

/** The id of ship1's subscriber for commands, from the list of its processes. */
async function idOf(central: StewardNode): Promise<string> {
  await ended(central, {
    ...op('REQOpProcessList'),
    replyMethod: 'REQToFile',
    directory: 'ops',
    fileName: 'list',
  });
  const line = /process: subscriber, id: (\d+), name: ship1\.REQCliCommand\.CommandACK\n/;
  const list = await central.waitForFile('ops/ship1/list', (text) => line.test(text));
  return line.exec(list)![1]!;
}

/** The addresses on which a process takes TCP connections, as /proc/net/tcp has them, the port in decimal. */
async function listeningPorts(pid: number): Promise<string[]> {
  const inodes = new Set<string>();
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder)) {
    const found = /^socket:\[(\d+)\]$/.exec(await readlink(join(folder, fd)).catch(() => ''));
    if (found) inodes.add(found[1]!);
  }
  const table =
    (await readFile('/proc/net/tcp', 'utf8')) + (await readFile('/proc/net/tcp6', 'utf8').catch(() => ''));
  return table.split('\n').flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const [address, port] = local.split(':');
    return state === '0A' && inodes.has(inode) ? [`${address}:${Number.parseInt(port!, 16)}`] : [];
  });
}

function op(method: string, ...methodArgs: string[]): object {
  return { toNode: 'ship1', method, methodArgs, replyMethod: 'REQNone', ACKTimeout: 1 };
}
