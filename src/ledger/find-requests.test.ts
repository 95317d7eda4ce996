import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import type { RequestFilter } from '../contract/requests.ts';
import { REQUEST_STATES } from '../contract/states.ts';
import { formatNumber } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { newMessage } from '../message/message.ts';
import { joinRanges } from './batch-ranges.ts';
import { optionStatements } from './batch-rows.ts';
import { findRequests } from './find-requests.ts';

test('requests are listed newest first, and page by page', async (t) => {
  const store = await tempStore(t);
  const ids = await new LedgerRows(store).addAll(Array.from({ length: 25 }, () => ({})));
  const first = await findRequests(store, {}, { limit: 10 });
  const second = await findRequests(store, {}, { limit: 10, cursor: first.next! });
  const third = await findRequests(store, {}, { limit: 10, cursor: second.next! });
  const listed = [first, second, third].flatMap(({ items }) => items.map(({ id }) => id));
  assert.deepEqual(listed, ids.toReversed());
  assert.equal(third.next, null);
});

test('a page that ends with the list says so', async (t) => {
  const store = await tempStore(t);
  await new LedgerRows(store).addAll([{}, {}]);
  assert.equal((await findRequests(store, {}, { limit: 2 })).next, null);
});

test("messages of the node's own making are no requests", async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const own = { batch: null, method: 'REQReport' };
  await rows.addAll([own, { ...own, state: 'queued' }, { ...own, state: 'failed' }]);
  assert.deepEqual((await findRequests(store, {})).items, []);
  for (const state of REQUEST_STATES)
    assert.deepEqual((await findRequests(store, { state: [state] })).items, []);
});

test('every filter, alone and with every other, gives what looking at each row gives', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const all: { id: string; node: string; method: string; state: string; batch: string; at: number }[] = [];
  for (let i = 0; i < 240; i++) {
    const node = `ship${i % 5}`;
    const method = i % 3 === 0 ? 'REQPing' : 'REQCliCommand';
    const state = REQUEST_STATES[i % REQUEST_STATES.length]!;
    const batch = `b${Math.floor(i / 60) % 2}`;
    const at = rows.nextAt;
    all.push({ id: await rows.add({ node, method, state, batch }), node, method, state, batch, at });
  }
  const at = all[100]!.at;
  const choices: RequestFilter[][] = [
    [{}, { node: ['ship3'] }, { node: ['ship1', 'ship2', 'nobody'] }],
    [{}, { method: ['REQPing'] }],
    [
      {},
      { state: ['succeeded'] },
      { state: ['queued'] },
      { state: ['failed', 'queued', 'running'] },
      { state: ['queued', 'succeeded'] },
    ],
    [{}, { batch: 'b1' }, { batch: 'nothing' }],
    [{}, { since: at }, { until: at }, { since: at, until: at + 50 }],
  ];
  const filters = choices.reduce((made, more) =>
    made.flatMap((one) => more.map((two) => ({ ...one, ...two }))),
  );
  for (const filter of filters) {
    const expected = all
      .filter((one) => filter.node?.includes(one.node) ?? true)
      .filter((one) => filter.method?.includes(one.method) ?? true)
      .filter((one) => (filter.state as string[] | undefined)?.includes(one.state) ?? true)
      .filter((one) => one.batch === (filter.batch ?? one.batch))
      .filter((one) => one.at >= (filter.since ?? 0) && one.at < (filter.until ?? Number.POSITIVE_INFINITY))
      .map(({ id }) => id)
      .toReversed();
    const found: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await findRequests(store, filter, { limit: 40, ...(cursor ? { cursor } : {}) });
      found.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    }
    assert.deepEqual(found, expected, JSON.stringify(filter));
  }
});

test('a request is listed with what is known of it', async (t) => {
  const store = await tempStore(t);
  const more = {
    sent_at: 2,
    accepted_at: 3,
    started_at: 4,
    ended_at: 5,
    attempts: 6,
    exit_code: 7,
    there_started_at: 10,
    there_ended_at: 22,
  };
  const id = await new LedgerRows(store).add({
    state: 'failed',
    more: { ...more, reason: 'why', signal: 'SIGTERM', output_bytes: 8, queued_at: 1 },
  });
  assert.deepEqual((await findRequests(store, {})).items, [
    {
      ...{ id, batch: 'b', node: 'ship1', method: 'REQCliCommand', what: '', state: 'failed', reason: 'why' },
      ...{ queuedAt: 1, sentAt: 2, acceptedAt: 3, startedAt: 4, endedAt: 5, tookMs: 12 },
      ...{ attempts: 6, exitCode: 7, signal: 'SIGTERM', outputBytes: 8, stderrBytes: null },
    },
  ]);
});

test('what its node has taken was sent once at least, also where the answer came before that was noted', async (t) => {
  const store = await tempStore(t);
  await new LedgerRows(store).addAll([
    { state: 'failed', more: { accepted_at: 3, attempts: 0 } },
    { state: 'queued', more: { attempts: 0 } },
  ]);
  const { items } = await findRequests(store, {});
  assert.deepEqual(items.map(({ state, attempts }) => `${state} ${attempts}`).toSorted(), [
    'failed 1',
    'queued 0',
  ]);
});

test('what runs by a schedule is found until it has ended, and says when it runs', async (t) => {
  const store = await tempStore(t);
  const states = ['queued', 'accepted', 'running', 'succeeded', 'running'];
  const ids = await new LedgerRows(store).addAll(states.map((state) => ({ state })));
  const plan = (id: string | undefined, schedule: unknown) => ({
    id: id!,
    options: { output: 'live', ...(schedule === undefined ? {} : { schedule: JSON.stringify(schedule) }) },
  });
  const plans = ids.map((id, index) =>
    plan(id, index === 4 ? undefined : index === 1 ? [60, 600] : '@daily'),
  );
  await store.write(optionStatements(plans));
  const { items } = await findRequests(store, { scheduled: true });
  assert.deepEqual(
    items.map(({ state, schedule }) => [state, schedule]),
    [
      ['running', '@daily'],
      ['accepted', [60, 600]],
      ['queued', '@daily'],
    ],
  );
  const running = await findRequests(store, { scheduled: true, state: ['running', 'succeeded'] });
  assert.deepEqual(
    running.items.map(({ id }) => id),
    [ids[2]],
  );
  const [plain] = (await findRequests(store, { state: ['running'] }, { limit: 1 })).items;
  assert.equal('schedule' in plain!, false);
});

test('a list says what was asked, by the message where it is kept and else by its batch', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const message = newMessage({ method: 'REQCliCommand', methodArgs: ['sh', '-c', 'df -h | tail -1'] });
  const { payload: body } = encodeMessage(message, { serialization: 'cbor', compression: 'g' });
  await rows.addAll([
    { state: 'failed', more: { format: formatNumber({ serial: 'cbor', cmp: 'g' }), body } },
    { state: 'failed', more: { format: 0, body: new Uint8Array(8000) } },
    { state: 'failed', more: { format: 0, body: Buffer.from('no message') } },
  ]);
  await store.write([{ sql: 'UPDATE batches SET label = ?', rows: [['exec ship1 -- df']] }]);
  const { items } = await findRequests(store, {});
  assert.deepEqual(
    items.map(({ what }) => what),
    ['exec ship1 -- df', 'exec ship1 -- df', 'df -h | tail -1'],
  );
});

test('ranges of ids that overlap are one', () => {
  const ranges = [
    ['c', 'e'],
    ['a', 'b'],
    ['d', 'g'],
    ['d', 'f'],
    ['h', 'i'],
  ] as const;
  assert.deepEqual(joinRanges(ranges), [
    ['a', 'b'],
    ['c', 'g'],
    ['h', 'i'],
  ]);
});
