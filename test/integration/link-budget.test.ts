import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient } from '../../src/client/api-client.ts';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { type SlowLink, startSlowLink } from '../support/slow-link.ts';
import { waitFor } from '../support/wait-for.ts';

const BUDGET = 100_000;
/** Midnight is far away whenever this runs: it is about noon in this zone, for the nodes too. */
const hour = new Date().getUTCHours();
process.env.TZ = `Etc/GMT${hour >= 12 ? '+' : '-'}${Math.abs(hour - 12)}`;
const HELD = /^tomorrow's budget, 00:00, for the link of (ship1|this node)$/;

function messages(toNode: string, count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ toNode, method: 'REQToFileAppend', directory: 'd', fileName: 'log' },
    data: [`${at} ${randomBytes(3700).toString('base64')}\n`],
  }));
}

function connect(node: StewardNode): ApiClient {
  return new ApiClient({ socketPath: join(node.folder, 'tmp/stew.sock') });
}

async function waitsFor(api: ApiClient, node: string): Promise<string | null | undefined> {
  return (await api.queues()).find((queue) => queue.node === node && queue.method === 'REQToFileAppend')
    ?.waitsFor;
}

/** Waits until nothing more comes over a link. */
async function quiet(link: SlowLink): Promise<void> {
  let [before, same] = [-1, 0];
  await waitFor('the link to be quiet', () => {
    same = link.total === before ? same + 1 : 0;
    before = link.total;
    return same > 5;
  });
}

test('a budget for a day is kept both ways, what waits says so, and what is urgent passes', async (t) => {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 8_000_000, rttMs: 20 }, t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const start = { flags: { ...FAST_RECONNECT, linkBudget: '100kB/day' } };
  const ship1 = await startStewardNode({ name: 'ship1', broker: link, ...start }, t);
  await using ofCentral = connect(central);
  await using ofShip = connect(ship1);
  const waiting = (await submitAll(central, messages('ship1', 40))).at(-1)!;
  await submitAll(ship1, messages('central', 40));
  await waitFor('both to hold back what is left', async () => {
    const waits = await Promise.all([waitsFor(ofCentral, 'ship1'), waitsFor(ofShip, 'central')]);
    return waits.every((wait) => HELD.test(wait ?? ''));
  });
  await quiet(link);
  assert.ok(link.total > 0.9 * BUDGET && link.total < 1.05 * BUDGET, `${link.total} of ${BUDGET}`);

  const text = { socketPath: join(central.folder, 'tmp/stew.sock') };
  const why = await callSteward(['why', waiting], text);
  assert.match(why.stdout, /waits for tomorrow's budget, 00:00, for the link of ship1/);
  const shown = await callSteward(['nodes', '--link'], { socketPath: join(ship1.folder, 'tmp/stew.sock') });
  assert.match(shown.stdout, /^budget: 100\.0 kB a day, [\d.]+ k?B left; .* tomorrow's budget, 00:00$/m);
  const there = (await ofCentral.link()).nodes.find(({ node }) => node === 'ship1');
  assert.ok(there?.budget && there.budget.leftBytes < 0.1 * BUDGET && there.emptyInMs! > 0);

  // What is urgent passes, in both directions, until a fifth of the budget went for that.
  const urgent = {
    ...{ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['echo', 'yes'] },
    ...{ priority: 'urgent', replyMethod: 'REQNone' },
  };
  const [passes] = await submitAll(central, urgent);
  assert.equal((await waitForEnd(central, passes!)).state, 'succeeded');
  const many = messages('ship1', 20).map((message) => ({
    ...message,
    method: 'REQToFile',
    priority: 'urgent',
  }));
  await submitAll(central, many);
  await waitFor('what is urgent to be held back too', async () => {
    const queues = await ofCentral.queues();
    return HELD.test(queues.find(({ method }) => method === 'REQToFile')?.waitsFor ?? '');
  });
  await quiet(link);
  assert.ok(link.total > 1.1 * BUDGET && link.total < 1.26 * BUDGET, `${link.total} of ${BUDGET}`);

  // A crash gives nothing back.
  const before = link.total;
  await ship1.kill();
  await ship1.start();
  await waitFor('the ship to hold back as before', async () =>
    HELD.test((await waitsFor(ofShip, 'central')) ?? ''),
  );
  await quiet(link);
  assert.ok(link.total - before < 0.1 * BUDGET, `${link.total - before} bytes after a crash`);
});

test('what goes through a relay keeps to the budget of the last link, and waits at the relay', async (t) => {
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 8_000_000, rttMs: 20 }, t);
  const start = (name: string, address: object, flags: object) =>
    startStewardNode({ name, broker: address as typeof broker, flags: { ...FAST_RECONNECT, ...flags } }, t);
  const central = await start('central', broker, {});
  const relay = await start('relay', broker, { startSubREQRelay: true });
  await start('ship1', link, { linkBudget: '100kB/day' });
  const through = { relayViaNode: 'relay', relayReplyMethod: 'REQNone', replyMethod: 'REQNone' };
  await submitAll(
    central,
    messages('ship1', 40).map((message) => ({ ...message, ...through })),
  );
  await using ofRelay = connect(relay);
  await waitFor('the relay to hold back what is left', async () =>
    HELD.test((await waitsFor(ofRelay, 'ship1')) ?? ''),
  );
  await quiet(link);
  assert.ok(link.total > 0.85 * BUDGET && link.total < 1.05 * BUDGET, `${link.total} of ${BUDGET}`);
});
