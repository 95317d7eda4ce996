import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { landedVersions } from '../support/landed.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiSocketOf } from '../support/node-api.ts';
import { relayed } from '../support/relay-fleet.ts';
import { startSlowLink } from '../support/slow-link.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const PATIENCE_MS = 120_000;

interface Options {
  readonly ships: readonly string[];
  readonly fileBytes: number;
  readonly bitsPerSecond?: number;
  /** The program of the node that relays, where it is not this one. */
  readonly relayCommand?: readonly string[];
}

/** shore, the central node, behind a thin link; hub, which relays, and the ships are on its other side. */
async function start(t: TestContext, { ships, fileBytes, bitsPerSecond = 2e6, relayCommand }: Options) {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond, rttMs: 40 }, t);
  const flags = { ...FAST_RECONNECT, startSubREQRelay: true };
  const [hub, shore, ...others] = await Promise.all([
    startStewardNode({ name: 'hub', broker, flags, ...(relayCommand && { command: relayCommand }) }, t),
    startStewardNode({ name: 'central', broker: link, flags: FAST_RECONNECT }, t),
    ...ships.map((name) => startStewardNode({ name, broker, flags: FAST_RECONNECT }, t)),
  ]);
  const content = randomBytes(fileBytes);
  await writeFile(join(shore.folder, 'source'), content);
  return { link, hub, shore, ships: others, content };
}

function copies(ships: readonly string[], target = 'target'): object[] {
  return ships.map((toNode) =>
    relayed('', {
      ...{ toNode, relayViaNode: 'hub', method: 'REQCopyFileFrom', methodArgs: ['source', toNode, target] },
      ...{ replyMethod: 'REQNone', relayReplyMethod: 'REQNone' },
    }),
  );
}

async function expectCopies(
  { shore, ships, content }: { shore: StewardNode; ships: readonly StewardNode[]; content: Uint8Array },
  ids: readonly string[],
  target = 'target',
): Promise<void> {
  for (const id of ids) assert.equal((await waitForEnd(shore, id, PATIENCE_MS)).state, 'succeeded');
  for (const { folder } of ships)
    assert.ok(Buffer.from(content).equals(await readFile(join(folder, target))));
}

test('a file for many nodes goes over the link to their relay once, also a day and a restart later', async (t) => {
  const ships = ['ship1', 'ship2', 'ship3', 'ship4', 'ship5'];
  const fleet = await start(t, { ships, fileBytes: 1_000_000 });
  const { link, shore, hub } = fleet;
  let before = link.total;
  const here = () => shore.query("SELECT 1 FROM nodes WHERE name LIKE 'ship%'").length === ships.length;
  await waitFor('all to be known', here);
  const out = (await tempFolder(t)).path;
  const args = ['cp', '--yes', '--via', 'hub', '--template', join(shore.folder, 'source')];
  const { code, stderr } = await callSteward([...args, `ship*:${out}/{{node}}`], {
    socketPath: apiSocketOf(shore),
  });
  assert.equal(code, 0, stderr);
  for (const ship of ships) assert.ok(fleet.content.equals(await readFile(join(out, ship))));
  const first = link.total - before;
  assert.ok(first < 1_100_000, `${first} bytes went over the link`);
  for (const node of [shore, hub]) await node.restart();
  before = link.total;
  await expectCopies(fleet, await submitAll(shore, copies(ships, 'again')), 'again');
  const second = link.total - before;
  assert.ok(second < 100_000, `${second} bytes went over the link`);
});

test('a relay, a target and a sender that are killed, and cuts, cost little of it, and nothing comes twice', async (t) => {
  const ships = ['ship1', 'ship2', 'ship3'];
  const fleet = await start(t, { ships, fileBytes: 600_000, bitsPerSecond: 1e6 });
  const { link, hub, shore } = fleet;
  const before = link.total;
  const ids = await submitAll(shore, copies(ships));
  const goesOn = async (bytes: number) =>
    waitFor(`${bytes} bytes to go`, () => link.total - before > bytes, { timeoutMs: PATIENCE_MS });
  await goesOn(150_000);
  await hub.kill();
  await hub.start();
  await goesOn(300_000);
  link.cut();
  await fleet.ships[1]!.kill();
  await goesOn(400_000);
  await shore.kill();
  await shore.start();
  await fleet.ships[1]!.start();
  await expectCopies(fleet, ids);
  const bytes = link.total - before;
  // What is out at a kill or a cut, and what the relay had not written down, is lost: about 2 s of the link each.
  assert.ok(bytes < 2 * 600_000, `${bytes} bytes went over the link`);
});

test('the bytes go where the relay has no room for them, or runs an older version', async (t) => {
  const older = landedVersions().find(({ name }) => name === '0.1')!;
  for (const relayCommand of [older.command, ...((await canMount()) ? [undefined] : [])]) {
    const fleet = await start(t, {
      ...{ ships: ['ship1', 'ship2'], fileBytes: 200_000, bitsPerSecond: 4e6 },
      ...(relayCommand && { relayCommand }),
    });
    if (!relayCommand) await (await mountSmallDisk(join(fleet.hub.databaseFolder, 'relayed'), t)).fill();
    const before = fleet.link.total;
    await expectCopies(fleet, await submitAll(fleet.shore, copies(['ship1', 'ship2'])));
    const bytes = fleet.link.total - before;
    assert.ok(bytes > 400_000 && bytes < 500_000, `${bytes} bytes went over the link`);
  }
});
