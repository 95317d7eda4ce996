import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import type { Config } from '../config/config.ts';
import type { ToldBudget } from '../fleet/told-budgets.ts';
import { LANE_SPAN, statement } from '../store/store.ts';
import { linkOperations } from './link-operation.ts';

const CONFIG = {
  ...{ nodeName: 'ship1', centralNodeName: 'central', labels: {} },
  ...{ helloIntervalSeconds: 900, originalHelloSeconds: 30 },
  ...{ defaultMessageTimeoutSeconds: 10, defaultMessageRetries: 0, defaultMethodTimeoutSeconds: 10 },
  ...{ serialization: '', compression: '' },
} as unknown as Config;
const DAY_ONE = { day: '2026-03-01', inBytes: 1, outBytes: 2, sentBytes: [3, 4, 5] };
const FREE = { waitsFor: null, budget: null };
const WAY = { bytesPerMs: 6, roundTripMs: 600, wasFull: true };

async function answer(
  t: Parameters<typeof tempStore>[0],
  {
    config = {},
    isOriginal = false,
    own,
    there,
  }: { config?: Partial<Config>; isOriginal?: boolean; own?: ToldBudget; there?: ToldBudget } = {},
) {
  const store = await tempStore(t);
  const lane = (id: number, subject: string) =>
    statement('INSERT INTO lanes (id, subject, epoch, next_seq) VALUES (?, ?, ?, 9)', id, subject, `e${id}`);
  const message = (id: number, seq: number, bytes: number) =>
    statement(
      'INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, ?, 1, 5, 0, zeroblob(?))',
      ...[id * LANE_SPAN + seq, `${id}-${seq}`, bytes],
    );
  await store.write([
    ...[lane(1, 'central.REQCliCommand.EventACK'), lane(2, 'central.REQToFile.EventACK')],
    ...[lane(3, 'ship2.REQCliCommand.EventACK'), lane(4, 'errorCentral.REQErrorLog.EventACK')],
    ...[message(1, 1, 500), message(1, 2, 700), message(2, 1, 4800), message(3, 1, 10), message(4, 1, 10)],
  ]);
  const operations = linkOperations({ ...CONFIG, ...config }, '1.0', {
    store,
    calls: undefined,
    peers: {
      *measured() {
        yield ['central', WAY];
        yield ['ship3', { bytesPerMs: undefined, roundTripMs: undefined, wasFull: false }];
      },
      isOriginal: () => isOriginal,
      knows: () => false,
    },
    presence: { of: (node) => (node === 'central' ? 'here' : 'away') },
    link: { measured: { ...WAY, bytesPerMs: 6.25 } },
    linkDays: {
      look: () => DAY_ONE,
      told: () => ['2026-03-01', 1, 2],
      of: (node) => (node === 'ship1' ? [DAY_ONE, { ...DAY_ONE, sentBytes: null }] : []),
    },
    outbox: { lanes: () => [] },
    clock: { wallNow: () => 0 },
    budget: { told: own, heldMs: () => 0, header: () => undefined },
    budgets: { of: (node) => (node === 'central' ? there : undefined) },
    trust: { words: 'a b', addressing: { subjectFor: (subject: string) => subject } } as never,
  });
  return { ...(await operations.link()), days: await operations.linkDays({}) };
}

test('a queue is empty after a round trip and its bytes at the measured rate', async (t) => {
  const { nodes, hello: _, days: __, ...link } = await answer(t);
  assert.deepEqual(link, {
    ...{ day: '2026-03-01', inBytes: 1, outBytes: 2, sent: { urgent: 3, normal: 4, bulk: 5 } },
    budget: null,
    broker: { bytesPerSecond: 6250, wasFull: true, roundTripMs: 600 },
  });
  const unknown = { bytesPerSecond: null, wasFull: false, roundTripMs: null };
  assert.deepEqual(nodes, [
    {
      ...{ node: 'central', presence: 'here', bytesPerSecond: 6000, wasFull: true, roundTripMs: 600 },
      ...{ queued: 3, queuedBytes: 6000, emptyInMs: 1600, ...FREE },
    },
    { node: 'ship2', presence: 'away', ...unknown, queued: 1, queuedBytes: 10, emptyInMs: null, ...FREE },
    { node: 'ship3', presence: 'away', ...unknown, queued: 0, queuedBytes: 0, emptyInMs: 0, ...FREE },
  ]);
});

test('what hellos cost goes by what they take, and how often they are said', async (t) => {
  const usual = (await answer(t)).hello!;
  assert.equal(usual.everySeconds, 900);
  // 96 hellos of some hundred bytes each.
  assert.ok(usual.bytesADay > 96 * 400 && usual.bytesADay < 96 * 1000, `${usual.bytesADay}`);
  const metered = (await answer(t, { config: { helloIntervalSeconds: 21_600 } })).hello!;
  // The interval is told in it, with two digits more.
  assert.equal(metered.bytesADay / 4, usual.bytesADay / 96 + 2);
  assert.equal((await answer(t, { isOriginal: true })).hello!.everySeconds, 30);
  assert.equal((await answer(t, { config: { helloIntervalSeconds: 0 } })).hello, null);
});

test('days are told by class, where that is known', async (t) => {
  const day = { day: '2026-03-01', inBytes: 1, outBytes: 2 };
  assert.deepEqual((await answer(t)).days, [
    { ...day, sent: { urgent: 3, normal: 4, bulk: 5 } },
    { ...day, sent: null },
  ]);
});

test('a queue is empty when the budgets of both links have let it go', async (t) => {
  const day = 86_400_000;
  const emptyIn = async (budgets: { own?: ToldBudget; there?: ToldBudget }) =>
    (await answer(t, budgets)).nodes.find(({ node }) => node === 'central')!.emptyInMs;
  // 6000 bytes wait.
  assert.equal(await emptyIn({ own: { bytesPerDay: 9000, leftBytes: 6000, until: 5000 } }), 1600);
  assert.equal(await emptyIn({ own: { bytesPerDay: 9000, leftBytes: 100, until: 5000 } }), 6600);
  assert.equal(
    await emptyIn({
      own: { bytesPerDay: 9000, leftBytes: 100, until: 5000 },
      there: { bytesPerDay: 2000, leftBytes: 0, until: 7000 },
    }),
    8600 + 2 * day,
  );
  const told = await answer(t, { own: { bytesPerDay: 9000, leftBytes: 100, until: 5000 } });
  assert.deepEqual(told.budget, { bytesPerDay: 9000, leftBytes: 100, nextAt: 5000 });
});
