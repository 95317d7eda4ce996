import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { accept } from '../support/accept.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { shared } from '../support/shared.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const FLAGS = { natsConnectRetryInterval: 1 };

interface Fleet {
  readonly broker: Broker;
  readonly central: StewardNode;
  readonly ship: StewardNode;
  /** The links of the two nodes to the broker. */
  readonly links: { readonly central: TcpProxy; readonly ship: TcpProxy };
}

async function startFleet(scope: TestScope): Promise<Fleet> {
  const broker = await startBroker(scope);
  const links = { central: await startTcpProxy(broker, scope), ship: await startTcpProxy(broker, scope) };
  const [central, ship] = await Promise.all([
    startStewardNode({ name: 'central', broker: links.central, flags: FLAGS }, scope),
    startStewardNode({ name: 'ship1', broker: links.ship, flags: FLAGS }, scope),
  ]);
  return { broker, central, ship, links };
}

const sharedFleet = shared(startFleet);
let tests = 0;

/** The fleet of all tests, and a file of the ship for the lines of this one. */
async function setUp() {
  const fleet = await sharedFleet();
  tests += 1;
  const fileName = `lines${tests}`;
  const before = succeeded(fleet.central);
  return {
    ...fleet,
    file: `d/ship1/${fileName}`,
    lines: (first: number, last: number) => lines(fileName, first, last),
    /** How many requests of this test have succeeded. */
    succeeded: () => succeeded(fleet.central) - before,
  };
}

function succeeded(central: StewardNode): number {
  const [row] = central.query("SELECT count(*) AS n FROM ledger WHERE state = 'succeeded'");
  return Number(row!.n);
}

function lines(fileName: string, first: number, last: number): object[] {
  const place = { toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName, ACKTimeout: 1 };
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return numbers.map((number) => ({
    ...place,
    data: [`${number} ${randomBytes(150).toString('base64')}\n`],
  }));
}

/** Waits until the central node knows that the ship has all lines; each is there once, and in order. */
async function arrived(
  { ship, file, succeeded }: Awaited<ReturnType<typeof setUp>>,
  count: number,
): Promise<void> {
  await waitFor('the central node to know', () => succeeded() >= count, { timeoutMs: 45_000 });
  const numbers = (await ship.file(file))
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, index) => index + 1),
  );
}

/** How many lines are sent at a time, until the link is cut. */
const SOME_LINES = 2000;

for (const [who, direction] of [
  ['central', 'toServer'],
  ['central', 'toClient'],
  ['ship', 'toServer'],
  ['ship', 'toClient'],
] as const) {
  test(`links that are cut again and again in mid-window lose, double and reorder nothing: ${who}, ${direction}`, async () => {
    const fleet = await setUp();
    const link = fleet.links[who];
    const before = link.connections;
    // One line first, so that the window is open when the link is cut.
    await accept(fleet.central, fleet.lines(1, 1));
    await fleet.ship.waitForFile(fleet.file);
    let count = 1;
    const more = async () => {
      await accept(fleet.central, fleet.lines(count + 1, count + SOME_LINES));
      count += SOME_LINES;
    };
    await more();
    // Answers are few and small; messages many: cut either at odd places.
    const isBusy = (who === 'central') === (direction === 'toServer');
    for (const bytes of isBusy ? [70_001, 150_003, 333] : [97, 301]) {
      link.cutAfter(direction, bytes);
      const isCut = async () => {
        // In bundles few bytes go, and fewer come back.
        if (link.isCutPending) await more();
        return !link.isCutPending;
      };
      await waitFor('the cut', isCut, { timeoutMs: 20_000 });
    }
    await arrived(fleet, count);
    assert.ok(link.connections - before >= 2);
  });
}

test('a link that is deaf in one direction costs time, and no message', async () => {
  const fleet = await setUp();
  await accept(fleet.central, fleet.lines(1, 10));
  await fleet.ship.waitForFile(fleet.file, (text) => text.split('\n').length > 10);
  fleet.links.ship.mute('toServer');
  await accept(fleet.central, fleet.lines(11, 500));
  await fleet.ship.waitForFile(fleet.file, (text) => text.split('\n').length > 11);
  fleet.links.ship.unmute();
  fleet.links.ship.cut();
  await arrived(fleet, 500);
});

test('a slow link delays answers beyond ACKTimeout, and nothing is written twice', async () => {
  const fleet = await setUp();
  await accept(fleet.central, fleet.lines(1, 10));
  await fleet.ship.waitForFile(fleet.file, (text) => text.split('\n').length > 10);
  fleet.links.central.hold('toClient');
  await accept(fleet.central, fleet.lines(11, 300));
  await waitFor(
    'an attempt without an answer',
    () => fleet.central.query("SELECT 1 FROM ledger WHERE state = 'sent' AND attempts >= 2").length > 0,
    { timeoutMs: 40_000 },
  );
  fleet.links.central.release();
  await arrived(fleet, 300);
});

test('a broker that is killed and started again in mid-stream loses nothing', async () => {
  const fleet = await setUp();
  await accept(fleet.central, fleet.lines(1, 1));
  await fleet.ship.waitForFile(fleet.file);
  await accept(fleet.central, fleet.lines(2, 4000));
  for (const share of [200, 1500]) {
    await fleet.ship.waitForFile(fleet.file, (text) => text.split('\n').length > share);
    await fleet.broker.restart();
  }
  await arrived(fleet, 4000);
});

test('a command whose answer, reply and report are cut off runs once and is reported in the end', async (t) => {
  const fleet = await startFleet(t);
  const { central, ship, links } = fleet;
  links.ship.mute('toServer');
  const command = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'echo ran | tee -a runs'],
  };
  await accept(central, [{ ...command, directory: 'd', fileName: 'out', ACKTimeout: 1, methodTimeout: 5 }]);
  await waitFor('the run', () => ship.query("SELECT * FROM journal WHERE state = 'succeeded'").length === 1);
  await waitFor('a second attempt', () => Number(central.ledger()[0]!.attempts) >= 2);
  links.ship.unmute();
  links.ship.cut();
  assert.equal(await central.waitForFile('d/ship1/out', (text) => text !== '', 20_000), 'ran\n');
  await waitFor('the report', () => central.ledger()[0]!.state === 'succeeded');
  assert.equal(await central.file('d/ship1/out'), 'ran\n');
});
