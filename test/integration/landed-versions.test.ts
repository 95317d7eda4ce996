import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { type Broker, startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, ledgerRow, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { AGELESS, type LandedVersion, landedVersions } from '../support/landed.ts';
import { QUEUED_APPENDS } from '../support/landed-scene.ts';
import { type StewardNode, startStewardNode, stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/** Versions that do not open a database any more that a later one has used. A version that lands is none of them. */
const NO_WAY_BACK = new Set(['0.1-7322130']);
/** Versions between others that run next to this one here: their databases are gone on with, and taken back. */
const ONLY_DATABASES = new Set([
  '0.1-3d0415e',
  '0.1-6a610a6',
  '0.1-169f4c8',
  '0.1-885c9d7',
  '0.1-7511369',
  '0.1-06fbddc',
]);
/** Enough appends and commands to see that their order is kept. */
const IN_ORDER = 10;
/** Enough that some are still under way when a ship that was stopped takes requests again. */
const WHILE_IT_STARTS = 60;
const PLACE = { directory: 'out', fileName: 'out.log', ACKTimeout: 1 };

type Command = readonly string[];

for (const version of landedVersions()) {
  const goesBack = !NO_WAY_BACK.has(version.name);
  const back = goesBack ? 'it takes it back, and this one again' : 'it refuses it then, with a sentence';
  test(`${version.name}: a database of it is gone on with, and nothing is lost, done twice or changed; ${back}`, async (t) => {
    const { central, ship1, ship2, before } = await takeUp(t, version);
    for (const row of before.ledger.filter(({ ended_at }) => ended_at !== null))
      assert.deepEqual(ledgerRow(central, String(row.id)), row);
    for (const { id } of before.ledger.filter(({ state }) => state === 'queued')) {
      const end = await waitForEnd(central, String(id), 30_000);
      assert.equal(end.state, 'succeeded', `${id}: ${end.reason}`);
    }
    assert.equal(await ship2.file('scene/ship2/queued.log'), numbered(QUEUED_APPENDS));
    assert.equal(await ship2.file('../queued'), numbered(10));
    assert.equal(await ship2.file('scene/ship2/queued.txt'), 'queued\n');
    assert.ok(before.ledger.filter(({ state }) => state === 'queued').length > QUEUED_APPENDS);
    const running = before.ledger.filter(({ state }) => state === 'running').map(({ id }) => String(id));
    assert.equal(running.length, 2);
    const interrupted = await waitFor('the command that was cut off to be reported', () =>
      running.find((id) => ledgerRow(central, id)?.state === 'interrupted'),
    );
    const schedule = running.find((id) => id !== interrupted)!;
    await goesOn(ship1);
    if (goesBack) {
      await takesItBack({ central, ship1, ship2 }, version);
      await Promise.all([central.become(), ship1.become()]);
      await goesOn(ship1);
    }
    await cancels(central, schedule);
    if (!goesBack) await assert.rejects(central.become(version.command), /was written by a newer Steward/);
  });

  if (ONLY_DATABASES.has(version.name)) continue;
  test(`${version.name}: an older central and a new ship do for one another all that both can`, async (t) => {
    await doAll(await fleet(t, [version.command, stewardCommand()]));
  });

  test(`${version.name}: a central that is upgraded with a queue, and rolled back with one, delivers both, once and in order; then it and the older ship do for one another all that both can; the ship, upgraded and rolled back while messages come, loses none and runs none twice`, async (t) => {
    const nodes = await fleet(t, [version.command, version.command]);
    const { central, ship1 } = nodes;
    // They know each other as what they are: the lanes have begun, and go on in another version.
    await exchange(central, ship1, 'before');
    const forthAndBack = [stewardCommand(), ...(goesBack ? [version.command] : [])];
    for (const [round, command] of [...forthAndBack, stewardCommand()].entries()) {
      await ship1.stop();
      const files = { directory: `queue${round}`, script: `queue${round}` };
      const ids = await submitAll(central, queueFor('ship1', IN_ORDER, files));
      await central.become(command);
      await ship1.start();
      for (const id of ids) assert.equal((await waitForEnd(central, id, 30_000)).state, 'succeeded');
      assert.equal(await ship1.file(`queue${round}/ship1/out.log`), numbered(IN_ORDER));
      assert.equal(await ship1.file(`../queue${round}`), numbered(IN_ORDER));
    }

    await doAll(nodes);
    const ids: string[] = [];
    for (const [round, command] of forthAndBack.entries()) {
      const files = { directory: `round${round}`, script: `ran${round}` };
      ids.push(...(await submitAll(central, queueFor('ship1', WHILE_IT_STARTS, files))));
      await waitFor('some to have come', () => ship1.file(`round${round}/ship1/out.log`));
      await ship1.become(command);
    }
    for (const id of ids) {
      const { state } = await waitForEnd(central, id, 30_000);
      assert.ok(state === 'succeeded' || state === 'interrupted', String(state));
    }
    for (const round of forthAndBack.keys()) {
      assert.equal(await ship1.file(`round${round}/ship1/out.log`), numbered(WHILE_IT_STARTS));
      const ran = (await ship1.file(`../ran${round}`)).split('\n').slice(0, -1).map(Number);
      assert.deepEqual(
        ran,
        [...new Set(ran)].toSorted((a, b) => a - b),
      );
    }
  });
}

/** Starts this version on the databases of a landed one, and ship2, for which most of the queue is. */
async function takeUp(t: TestContext, version: LandedVersion) {
  const broker = await startBroker(t);
  const { path } = await tempFolder(t);
  for (const name of ['central', 'ship1']) await version.layDatabase(name, join(path, name, 'var/lib'));
  const database = new DatabaseSync(join(path, 'central/var/lib/steward.db'), { readOnly: true });
  const columns = 'key, id, state, queued_at, sent_at, accepted_at, started_at, ended_at, attempts, reason';
  const ledger = database
    .prepare(`SELECT ${columns}, exit_code, signal, stderr_tail, output_bytes FROM ledger ORDER BY id`)
    .all();
  database.close();
  const start = (name: string) =>
    startStewardNode(
      { name, broker, folder: join(path, name), flags: flagsOf(name), env: { ...process.env, ...AGELESS } },
      t,
    );
  const [central, ship1, ship2] = await Promise.all([start('central'), start('ship1'), start('ship2')]);
  return { central, ship1, ship2, before: { ledger } };
}

/** The older version goes on with what this one has left: what runs, and a queue. */
async function takesItBack(
  { central, ship1, ship2 }: Record<'central' | 'ship1' | 'ship2', StewardNode>,
  { command }: LandedVersion,
): Promise<void> {
  await ship2.stop();
  const queued = await submitAll(central, queueFor('ship2', 20));
  await Promise.all([central.become(command), ship1.become(command)]);
  await ship2.start();
  for (const id of queued) assert.equal((await waitForEnd(central, id, 30_000)).state, 'succeeded');
  assert.equal(await ship2.file('out/ship2/out.log'), numbered(20));
  assert.equal(await ship2.file('../ran'), numbered(20));
  await goesOn(ship1);
}

/** A broker, and central (which relays) and ship1 as these programs. */
async function fleet(t: TestContext, [forCentral, forShip]: readonly [Command, Command]) {
  const broker: Broker = await startBroker(t, { config: 'max_payload: 16KB' });
  const start = (name: string, command: Command) =>
    startStewardNode({ name, broker, flags: flagsOf(name), command }, t);
  const [central, ship1] = await Promise.all([start('central', forCentral), start('ship1', forShip)]);
  return { central, ship1, startShip2: () => start('ship2', stewardCommand()) };
}

function flagsOf(name: string) {
  return { ...FAST_RECONNECT, startPubREQHello: 1, startSubREQRelay: name === 'central' };
}

/** Both ask one another for all that both can, and ship1 a third node by way of central. */
async function doAll({ central, ship1, startShip2 }: Awaited<ReturnType<typeof fleet>>): Promise<void> {
  const [ship2] = await Promise.all([
    startShip2(),
    exchange(central, ship1).then(() => exchange(ship1, central)),
  ]);
  await relays(ship1, ship2);
}

/** Requests of one node to another that end in every way, and come back with their output. */
async function exchange(from: StewardNode, to: StewardNode, directory = 'out'): Promise<void> {
  const place = { ...PLACE, toNode: to.name, directory };
  const queue = { directory: `${directory}-queue`, script: `${directory}-ran` };
  const large = 40_000;
  const [ran, failed, big, live, late, ...others] = await submitAll(from, [
    bash('echo ran', place),
    bash('echo why >&2; exit 3', { ...place, fileName: 'failed.log' }),
    bash(`head -c ${large} /dev/zero | tr '\\0' x`, { ...place, fileName: 'large.log' }),
    bash('for i in 1 2 3; do echo $i; sleep 0.1; done', { ...place, replyMethod: 'REQNone', output: 'live' }),
    bash('sleep 30', { ...place, methodTimeout: 1, replyMethod: 'REQNone' }),
    { ...place, method: 'REQToFile', data: ['written\n'], fileName: 'file.txt' },
    ...queueFor(to.name, IN_ORDER, queue),
    { ...place, method: 'REQPing', replyMethod: 'REQNone' },
  ]);
  for (const id of [ran, big, live, ...others])
    assert.equal((await waitForEnd(from, id!, 30_000)).state, 'succeeded');
  const end = await waitForEnd(from, failed!);
  assert.deepEqual([end.state, end.exit_code, String(end.stderr_tail)], ['failed', 3, '119,104,121,10']);
  assert.equal((await waitForEnd(from, late!)).state, 'timed-out');
  assert.equal(await from.waitForFile(`${directory}/${to.name}/out.log`), 'ran\n');
  const isWhole = (text: string) => text.length >= large;
  assert.equal(await from.waitForFile(`${directory}/${to.name}/large.log`, isWhole), 'x'.repeat(large));
  assert.equal(await to.file(`${directory}/${to.name}/file.txt`), 'written\n');
  assert.equal(await to.file(`${queue.directory}/${to.name}/out.log`), numbered(IN_ORDER));
  assert.equal(await to.file(`../${queue.script}`), numbered(IN_ORDER));
}

/** A request of one ship to another by way of central. */
async function relays(from: StewardNode, to: StewardNode): Promise<void> {
  const [id] = await submitAll(from, {
    ...bash('echo relayed', { ...PLACE, toNode: to.name, directory: 'relayed' }),
    relayViaNode: 'central',
    relayReplyMethod: 'REQToFileAppend',
    replyMethod: 'REQToFileAppend',
  });
  assert.equal((await waitForEnd(from, id!, 30_000)).state, 'succeeded');
  assert.equal(await from.waitForFile(`relayed/${to.name}/out.log`), 'relayed\n');
}

/** Appends and commands in turns; both note their number. */
function queueFor(
  toNode: string,
  count: number,
  { directory = 'out', script = 'ran' }: { directory?: string; script?: string } = {},
): object[] {
  const place = { ...PLACE, toNode, directory };
  return Array.from({ length: count }, (_, n) => [
    { ...place, method: 'REQToFileAppend', data: [`${n}\n`] },
    bash(`echo ${n} >> ${script}`, { ...place, replyMethod: 'REQNone' }),
  ]).flat();
}

/** The schedule of the scene is under way again. */
async function goesOn(ship1: StewardNode): Promise<void> {
  const ticks = async () => (await ship1.file('../ticks').catch(() => '')).length;
  const first = await ticks();
  await waitFor('the schedule to go on', async () => (await ticks()) > first);
}

async function cancels(central: StewardNode, id: string): Promise<void> {
  await submitAll(central, {
    toNode: 'ship1',
    method: 'REQCancel',
    methodArgs: [id],
    replyMethod: 'REQNone',
  });
  await waitForState(central, id, 'cancelled');
}

function bash(script: string, more: object): object {
  return { method: 'REQCliCommand', methodArgs: ['bash', '-c', script], methodTimeout: 60, ...more };
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, n) => `${n}\n`).join('');
}
