import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Broker, startBroker } from '../support/broker.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { type LandedVersion, landedVersions } from '../support/landed.ts';
import {
  bash,
  flagsOf,
  numbered,
  PLACE,
  queueFor,
  SIDE_BY_SIDE,
  takesBack,
} from '../support/landed-fleet.ts';
import { type StewardNode, startStewardNode, stewardCommand } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

/** Versions between others that run next to this one here: `landed-databases.test.ts` goes on with their databases. */
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

type Command = readonly string[];

describe('this version next to versions that landed', SIDE_BY_SIDE, () => {
  for (const version of landedVersions().filter(({ name }) => !ONLY_DATABASES.has(name))) {
    test(`${version.name}: an older central and a new ship do for one another all that both can`, async (t) => {
      await doAll(await fleet(t, [version.command, stewardCommand()]));
    });

    test(`${version.name}: a central that is upgraded with a queue, and rolled back with one, delivers both, once and in order; then it and the older ship do for one another all that both can; the ship, upgraded and rolled back while messages come, loses none and runs none twice`, async (t) => {
      await goesForthAndBack(t, version);
    });
  }
});

/** Both begin as an older version. */
async function goesForthAndBack(t: TestContext, version: LandedVersion): Promise<void> {
  const nodes = await fleet(t, [version.command, version.command]);
  const { central, ship1 } = nodes;
  // They know each other as what they are: the lanes have begun, and go on in another version.
  await exchange(central, ship1, 'before');
  const forthAndBack = [stewardCommand(), ...(takesBack(version) ? [version.command] : [])];
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
}

/** A broker, and central (which relays) and ship1 as these programs. */
async function fleet(t: TestContext, [forCentral, forShip]: readonly [Command, Command]) {
  const broker: Broker = await startBroker(t, { config: 'max_payload: 16KB' });
  const start = (name: string, command: Command) =>
    startStewardNode({ name, broker, flags: flagsOf(name), command }, t);
  const [central, ship1] = await Promise.all([start('central', forCentral), start('ship1', forShip)]);
  return { central, ship1, startShip2: () => start('ship2', stewardCommand()) };
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
