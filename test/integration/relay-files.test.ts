import assert from 'node:assert/strict';
import { appendFile, copyFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { assertSame, growing, makeFile } from '../support/copying.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { startKeyedBroker } from '../support/keyed-fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiSocketOf } from '../support/node-api.ts';
import { relayed } from '../support/relay-fleet.ts';
import { startSlowLink } from '../support/slow-link.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const PATIENCE_MS = 240_000;
/** More than what goes as one message. */
const FILE_BYTES = Number(process.env.RELAY_FILE_MB ?? 18) * 1024 * 1024;

/** central, behind a link of its own, and hub, which relays; the ships are to be started. */
async function start(t: TestContext) {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 80e6, rttMs: 20 }, t);
  const [hub, shore] = await Promise.all([
    startStewardNode({ name: 'hub', broker, flags: { ...FAST_RECONNECT, startSubREQRelay: true } }, t),
    startStewardNode({ name: 'central', broker: link, flags: FAST_RECONNECT }, t),
  ]);
  const ship = (name: string) => startStewardNode({ name, broker, flags: FAST_RECONNECT }, t);
  const source = join(shore.folder, 'source');
  await makeFile(source, FILE_BYTES, 0o750);
  return { link, hub, shore, ship, source };
}

function copyTo(toNode: string, target: string, more: object = {}): object {
  return relayed('', {
    ...{ toNode, relayViaNode: 'hub', method: 'REQCopyFileFrom', methodArgs: ['source', toNode, target] },
    ...{ replyMethod: 'REQNone', relayReplyMethod: 'REQNone', ...more },
  });
}

/** The folders of the files that a node has fetched. */
function fetched(hub: StewardNode): Promise<string[]> {
  return readdir(join(hub.databaseFolder, 'relayed-files')).catch(() => []);
}

async function coming(hub: StewardNode, bytes: number): Promise<void> {
  await waitFor(`${bytes} bytes at the relay`, async () => {
    for (const name of await fetched(hub)) {
      const part = await growing(join(hub.databaseFolder, 'relayed-files', name, 'file'));
      if ((part?.size ?? 0) >= bytes) return true;
    }
    return false;
  });
}

test('a large file goes to its relay once, over cuts and a relay that is killed, and to a target that comes later', async (t) => {
  const { link, hub, shore, ship, source } = await start(t);
  const ships = await Promise.all([ship('ship1'), ship('ship2')]);
  const known = () => shore.query("SELECT 1 FROM nodes WHERE name LIKE 'ship%'").length === ships.length;
  await waitFor('all to be known', known);
  await ships[1]!.kill();
  const before = link.total;
  const out = (await tempFolder(t)).path;
  const args = [
    'cp',
    '--yes',
    '--wait',
    '600s',
    '--via',
    'hub',
    '--template',
    source,
    `ship*:${out}/{{node}}`,
  ];
  const copying = callSteward(args, { socketPath: apiSocketOf(shore) });
  await coming(hub, FILE_BYTES / 4);
  await hub.kill();
  await hub.start();
  await coming(hub, FILE_BYTES / 2);
  link.cut();
  const copied = () => stat(join(out, 'ship1')).catch(() => undefined);
  await waitFor('the copy on ship1', copied, { timeoutMs: PATIENCE_MS });
  // What the last target needs the relay has.
  await hub.restart();
  await ships[1]!.start();
  const { code, stderr } = await copying;
  assert.equal(code, 0, stderr);
  const bytes = link.total - before;
  assert.ok(bytes < 1.25 * FILE_BYTES, `${bytes} bytes went over the link`);
  for (const name of ['ship1', 'ship2']) {
    await assertSame(source, join(out, name));
    assert.equal((await stat(join(out, name))).mode & 0o777, 0o750);
  }
  assert.equal((await fetched(hub)).length, 1);

  // Cancelled while it comes, another state of the file leaves nothing.
  await appendFile(source, 'more');
  const [cancelled] = await submitAll(shore, copyTo('ship1', 'target'));
  await coming(hub, 1024 * 1024);
  const asked = await callSteward(['cancel', cancelled!], { socketPath: apiSocketOf(shore) });
  assert.equal(asked.code, 0);
  assert.equal((await waitForEnd(shore, cancelled!)).state, 'cancelled');
  await waitFor('the bytes to be gone', async () => {
    const folders = await fetched(hub);
    const held = await Promise.all(
      folders.map((name) => readdir(join(hub.databaseFolder, 'relayed-files', name))),
    );
    return held.flat().every((name) => !name.startsWith('.steward-'));
  });
  assert.equal(await growing(join(ships[0]!.folder, 'target')), undefined);

  // On a disk that is full nothing is fetched.
  if (await canMount()) {
    await mountSmallDisk(join(hub.databaseFolder, 'relayed-files'), t);
    await appendFile(source, 'x');
    const [id] = await submitAll(shore, copyTo('ship1', 'target'));
    const { state, reason } = await waitForEnd(shore, id!, PATIENCE_MS);
    const isSaid = /the file of central did not come: there is no space for .*relayed-files/.test(
      `${reason}`,
    );
    assert.deepEqual([state, isSaid], ['failed', true], `${reason}`);
  }
});

test('in a closed fleet a relay fetches what it was asked for, and copies it to the target of its way alone', async (t) => {
  const relays = ['ship2:hub:ship1'];
  const { start } = await startKeyedBroker(t, { nodes: ['hub', 'ship1', 'ship2'], relays, trust: 'closed' });
  const trust = { trust: 'closed', trustRelay: relays.join(',') };
  const [hub, ship1, ship2] = await Promise.all([
    start('hub', { ...trust, startSubREQRelay: true }),
    start('ship1', trust),
    start('ship2', trust),
  ]);
  const answered = {
    ...{ directory: 'copy', fileName: 'copy.log' },
    replyMethod: 'REQToFileAppend',
    relayReplyMethod: 'REQToFile',
  };
  await makeFile(join(ship2.folder, 'source'), FILE_BYTES, 0o640);
  const [id] = await submitAll(ship2, copyTo('ship1', './', answered));
  const end = await waitForEnd(ship2, id!, PATIENCE_MS);
  assert.equal(end.state, 'succeeded', `${end.state}: ${end.reason}`);
  await assertSame(join(ship2.folder, 'source'), join(ship1.folder, 'source'));
  await ship2.waitForFile('copy/ship1/copy.log', (text) => /sent the content to ship1/.test(text));
  // A ship of a closed fleet has heard of its relay alone.
  const cp = (...options: string[]) =>
    callSteward(
      ['cp', ...options, '--via', 'hub', join(ship2.folder, 'source'), `ship1:${ship1.folder}/by-cp`],
      {
        socketPath: apiSocketOf(ship2),
      },
    );
  const unknown = await cp();
  assert.deepEqual([unknown.code, /--new takes names/.test(unknown.stderr)], [4, true], unknown.stderr);
  const taken = await cp('--new');
  assert.equal(taken.code, 0, taken.stderr);
  await assertSame(join(ship2.folder, 'source'), join(ship1.folder, 'by-cp'));
  // Of a file that grows meanwhile comes what it had.
  await hub.kill();
  const [later] = await submitAll(ship2, copyTo('ship1', 'first'));
  await waitFor(
    'the request to be on its way',
    () => ship2.query("SELECT 1 FROM lanes WHERE subject LIKE '%.REQRelay.%' AND next_seq > 2").length > 0,
  );
  const first = join(ship2.folder, 'first');
  await copyFile(join(ship2.folder, 'source'), first);
  await appendFile(join(ship2.folder, 'source'), 'more');
  await hub.start();
  const grown = await waitForEnd(ship2, later!, PATIENCE_MS);
  assert.equal(grown.state, 'succeeded', `${grown.reason}`);
  await assertSame(first, join(ship1.folder, 'first'));
  // Nobody asked hub for this one, which it wants all the same; nor is it a way to another node.
  await makeFile(join(ship2.folder, 'secret'), 1000);
  for (const [toNode, methodArgs, reason] of [
    ['ship2', ['secret', 'hub', join(hub.folder, 'stolen')], /hub may not ask ship2 for REQCopyFileFrom/],
    [
      'ship2',
      ['secret', 'hub', join(hub.folder, 'stolen'), 'fetch', '0', '1000'],
      /hub was not asked to relay this file/,
    ],
  ] as const) {
    const [id] = await submitAll(hub, {
      toNode,
      method: 'REQCopyFileFrom',
      methodArgs: [...methodArgs],
      replyMethod: 'REQNone',
    });
    const end = await waitForEnd(hub, id!);
    assert.deepEqual([end.state, reason.test(String(end.reason))], ['rejected', true], `${end.reason}`);
  }
});
