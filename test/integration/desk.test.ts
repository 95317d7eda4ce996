import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ApiClient } from '../../src/client/api-client.ts';
import type { NodeSummary } from '../../src/contract/nodes.ts';
import { newId } from '../../src/lib/new-id.ts';
import { startBroker } from '../support/broker.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { apiOf, endedRequests, followEvents } from '../support/node-api.ts';
import { shared } from '../support/shared.ts';
import { waitFor } from '../support/wait-for.ts';

const FLAGS = { startPubREQHello: 1, natsConnectRetryInterval: 1 };

const fleet = shared(async (scope) => {
  const broker = await startBroker(scope);
  const start = (name: string, more: object = {}) =>
    startStewardNode({ name, broker, flags: { ...FLAGS, ...more } }, scope);
  const central = await start('central');
  const [ship1, ship2] = await Promise.all([start('ship1', { labels: 'site=north' }), start('ship2')]);
  return { central, ship1, ship2 };
});

/** Central and two ships that are there, and central's API. */
async function startFleet(t: TestContext) {
  const { central, ship1, ship2 } = await fleet();
  const api = apiOf(central, t);
  await waitFor('hellos', async () => {
    const here = (await api.nodes()).filter(({ presence }) => presence === 'here');
    return ['ship1', 'ship2'].every((name) => here.some((node) => node.name === name));
  });
  return { api, central, ship1, ship2 } satisfies Record<string, ApiClient | StewardNode>;
}

test('a batch is counted by states while one of its nodes is down, and when that is back', async (t) => {
  const { api, central, ship1, ship2 } = await startFleet(t);
  await ship2.stop();
  const { batch, accepted } = await api.submit([
    ...[
      command('ship1', 'true'),
      command('ship1', 'exit 3'),
      command('ship2', 'true'),
      command('ship2', 'true'),
    ],
  ]);
  await waitForCounts(api, batch!, { failed: 1, succeeded: 1 }, ['queued', 'sent']);
  const down = await api.requests({ node: ['ship2'] });
  assert.deepEqual(
    down.items.map(({ id }) => id),
    [accepted[3]!.id, accepted[2]!.id],
  );
  assert.deepEqual(await api.requests({ batch: batch!, state: ['failed'] }), {
    items: [await summaryOf(api, accepted[1]!.id)],
    next: null,
  });
  await ship2.start();
  await waitForCounts(api, batch!, { failed: 1, succeeded: 3 });
  assert.deepEqual((await api.status()).counts, { failed: 1, succeeded: 3 });
  // What the nodes reported, and what central itself had to send, are no requests.
  assert.ok(central.ledger().length >= 4);
  assert.ok(ship1.ledger().length > 0);
  assert.deepEqual(await apiOf(ship1, t).requests(), { items: [], next: null });
});

test('a request that waits says who is away since when, how often it was tried, and when it will be', async (t) => {
  const { api, ship2 } = await startFleet(t);
  await ship2.kill();
  const { accepted } = await api.submit([command('ship2', 'true'), command('ship2', 'true')]);
  const [first, second] = accepted.map(({ id }) => id);
  const waiting = /^ship2 last seen (now|\d+ \w+ ago), \d+ attempts?, next at \d\d:\d\d:\d\d$/;
  const noted = await waitFor('attempts', async () => {
    const { timeline } = await api.request(first!);
    return waiting.test(timeline.at(-1)?.note ?? '') && timeline;
  });
  assert.deepEqual(
    noted.map(({ what }) => what).filter((what) => what !== 'sent'),
    ['queued', 'waiting'],
  );
  const { why } = await api.request(second!);
  assert.match(why, /^It has not reached ship2 yet: ship2 last seen .*, 1 message before it, \d+ attempts?/);
  const [queue] = await api.queues();
  assert.deepEqual([queue?.node, queue?.method, queue?.queued], ['ship2', 'REQCliCommand', 2]);
  assert.equal(queue?.waitsFor, 'ship2, where nobody listens for REQCliCommand');
  await ship2.start();
  await waitFor('both have run', async () => (await summaryOf(api, second!)).state === 'succeeded');
  assert.deepEqual(await api.queues(), []);
});

test('presence follows a node that dies and comes back, and those who follow it are told', async (t) => {
  const { api, ship1 } = await startFleet(t);
  const { events } = await followEvents(api, t, { type: ['nodes'], node: ['ship1'] });
  const told = (presence: string, from = 0) =>
    waitFor(`to be told that it is ${presence}`, () =>
      events
        .slice(from)
        .some((event) => event.type === 'nodes' && event.nodes.some((node) => node.presence === presence)),
    );
  await ship1.kill();
  // Nobody listens any more, and the broker says so as soon as something is sent.
  const { accepted } = await api.submit([command('ship1', 'true')]);
  await told('away');
  const away = await nodeOf(api, 'ship1');
  assert.deepEqual([away.presence, away.queued], ['away', 1]);
  const before = events.length;
  await ship1.start();
  await told('here', before);
  await waitFor('it has run', async () => (await summaryOf(api, accepted[0]!.id)).state === 'succeeded');
  const here = await nodeOf(api, 'ship1');
  assert.deepEqual([here.presence, here.queued, here.running], ['here', 0, 0]);
  assert.ok(here.lastSeenAt! > away.lastSeenAt!);
});

test('a node whose hellos stay out is away, though nothing was sent to it', async (t) => {
  const { api, central, ship1 } = await startFleet(t);
  await waitFor('its hello', async () => (await nodeOf(api, 'ship1')).version !== null);
  await ship1.kill();
  const away = await waitFor('it is away', async () => {
    const node = await nodeOf(api, 'ship1');
    return node.presence === 'away' && node;
  });
  // Who was seen when outlives the node that noted it.
  await central.stop();
  await central.start();
  const { lastSeenAt, labels } = await nodeOf(api, 'ship1');
  assert.deepEqual([lastSeenAt, labels], [away.lastSeenAt, { site: 'north' }]);
});

test('cancelling ends here what has not left, and asks the node for what it has', async (t) => {
  const { api, ship2 } = await startFleet(t);
  await ship2.stop();
  const running = await api.submit([command('ship1', 'sleep 60'), command('ship1', 'true')]);
  const [sleeping, done] = running.accepted.map(({ id }) => id);
  await waitFor('it runs', async () => (await summaryOf(api, sleeping!)).state === 'running');
  await waitFor('the other is done', async () => (await summaryOf(api, done!)).state === 'succeeded');
  assert.equal((await nodeOf(api, 'ship1')).running, 1);
  assert.deepEqual(await api.cancelBatch(running.batch!), [{ id: sleeping, result: 'asked' }]);
  await waitFor('it is cancelled', async () => (await summaryOf(api, sleeping!)).state === 'cancelled');
  const steps = (await api.request(sleeping!)).timeline.map(({ what }) => what);
  assert.deepEqual(steps.slice(-2), ['cancel-asked', 'cancelled']);
  assert.deepEqual(await api.cancelRequest(sleeping!), { id: sleeping, result: 'ended' });

  const waiting = await api.submit([command('ship2', 'true'), command('ship2', 'true')]);
  await waitFor('an attempt that nobody heard', async () =>
    (await api.queues()).some(({ waitsFor }) => /nobody listens/.test(waitsFor ?? '')),
  );
  const results = await api.cancelBatch(waiting.batch!);
  assert.deepEqual(
    results.map(({ result }) => result),
    ['cancelled', 'cancelled'],
  );
  // Nobody can have got them, so nobody need be told.
  assert.deepEqual(await api.queues(), []);
  await assert.rejects(api.cancelBatch(newId()), { code: 'not-found' });
});

test('what failed or was missed is sent again as new requests, linked both ways', async (t) => {
  const { api, ship2 } = await startFleet(t);
  await ship2.stop();
  const { batch, accepted } = await api.submit([
    ...[command('ship1', 'true'), { ...command('ship1', 'test -e here || exit 4'), expiresIn: 600 }],
    { ...command('ship2', 'true'), expiresIn: 1 },
  ]);
  const [, failed, missed] = accepted.map(({ id }) => id);
  await waitForCounts(api, batch!, { succeeded: 1, failed: 1, expired: 1 });
  await ship2.start();
  const again = await api.resendBatch(batch!, { which: 'both' });
  assert.deepEqual(
    again.accepted.map(({ toNode }) => toNode),
    ['ship1', 'ship2'],
  );
  assert.notEqual(again.batch, batch);
  const ended = await endedRequests(api, again.batch!);
  assert.deepEqual(ended.map(({ state }) => state).sort(), ['failed', 'succeeded']);
  const [first, second] = again.accepted.map(({ id }) => id);
  assert.deepEqual((await api.request(failed!)).resentAs, [first]);
  const repeated = await api.request(first!);
  assert.equal(repeated.resendOf, failed);
  // Its time begins anew.
  assert.equal(repeated.expiresAt! - repeated.queuedAt, 600_000);
  assert.deepEqual(repeated.message, (await api.request(failed!)).message);
  assert.equal((await api.request(second!)).resendOf, missed);
  assert.match((await api.batch(again.batch!)).label, /^again: REQCliCommand/);
  const nothing = await api.resendBatch(batch!, { which: 'failed' });
  assert.deepEqual([nothing.accepted, nothing.batch], [[], undefined]);
  assert.match(nothing.warnings[0]!.reason, /was sent again already, as/);
});

test('what cannot be sent again is refused with the reason', async (t) => {
  const { api, ship2 } = await startFleet(t);
  await ship2.stop();
  const big = { toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName: 'f', data: ['x'] };
  const { accepted } = await api.submit([command('ship2', 'true'), big]);
  const [waiting, done] = accepted.map(({ id }) => id);
  await waitFor('it is written', async () => (await summaryOf(api, done!)).state === 'succeeded');
  await assert.rejects(api.resendRequest(waiting!), /has not ended, it is (queued|sent): cancel it first/);
  await assert.rejects(api.resendRequest(done!), /its message is no longer kept/);
  await assert.rejects(api.resendRequest(newId()), { code: 'not-found' });
});

test('a batch may be named by its maker, grow, and carry a note, across a restart', async (t) => {
  const { api, central } = await startFleet(t);
  const batch = newId();
  await api.planBatch(batch, { left: ['ship2'] });
  const first = await api.submit([command('ship1', 'true')], { batch, label: 'rolling  out\n1.2' });
  assert.equal(first.batch, batch);
  await endedRequests(api, batch);
  await central.stop();
  await central.start();
  const second = await api.submit([command('ship2', 'true')], { batch, label: 'ignored' });
  const ended = await endedRequests(api, batch);
  assert.deepEqual(
    ended.map(({ id }) => id).sort(),
    [...first.accepted, ...second.accepted].map(({ id }) => id).sort(),
  );
  const { label, total, counts, plan } = await api.batch(batch);
  assert.deepEqual(
    { label, total, counts, plan },
    { label: 'rolling out 1.2', total: 2, counts: { succeeded: 2 }, plan: { left: ['ship2'] } },
  );
  // The beginning of an id is enough where it is no other's.
  assert.equal((await api.batch(batch.slice(0, 23))).id, batch);
  await assert.rejects(api.batch('0'), { code: 'bad-request' });
  await assert.rejects(api.submit([command('ship1', 'true')], { batch: 'mine' }), {
    message: /"mine" is not the id of a batch: it must be a UUIDv7/,
  });
});

test('a dry run says what would be taken, and sends nothing', async (t) => {
  const { api } = await startFleet(t);
  const before = await api.requests();
  const answer = await api.submit([command('ship1', 'true'), { toNode: 'ship1' }], { dryRun: true });
  assert.deepEqual(answer.accepted, [{ index: 0, toNode: 'ship1', id: '' }]);
  assert.equal(answer.refused[0]?.index, 1);
  assert.deepEqual(await api.requests(), before);
});

function command(toNode: string, script: string) {
  return {
    ...{ toNode, method: 'REQCliCommand', methodArgs: ['sh', '-c', script], replyMethod: 'REQNone' },
    ...{ ACKTimeout: 1, methodTimeout: 60 },
  };
}

async function nodeOf(api: ApiClient, name: string): Promise<NodeSummary> {
  const node = (await api.nodes()).find((one) => one.name === name);
  assert.ok(node, `${name} is in the list`);
  return node;
}

async function summaryOf(api: ApiClient, id: string) {
  const detail = await api.request(id);
  const { timeline, stdout, stderr, message, expiresAt, why, resendOf, resentAs, ...summary } = detail;
  return summary;
}

/** Waits until a batch has these counts; `besides` are states that the rest may be in. */
async function waitForCounts(
  api: ApiClient,
  batch: string,
  wanted: Readonly<Record<string, number>>,
  besides: readonly string[] = [],
): Promise<void> {
  await waitFor(`counts ${JSON.stringify(wanted)}`, async () => {
    const { counts, total } = await api.batch(batch);
    const entries = Object.entries(counts);
    assert.equal(
      entries.reduce((sum, [, count]) => sum + count, 0),
      total,
    );
    const rest = entries.filter(([state, count]) => wanted[state] !== count);
    const isThere = Object.entries(wanted).every(([state, count]) => counts[state as 'queued'] === count);
    return isThere && rest.every(([state]) => besides.includes(state));
  });
}
