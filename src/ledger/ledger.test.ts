import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { v7 as uuidV7 } from 'uuid';
import { tempStore } from '../../test/support/temp-store.ts';
import { isEnd, REQUEST_STATES } from '../contract/states.ts';
import type { ReportEntry } from '../message/report.ts';
import { statement } from '../store/store.ts';
import { Ledger } from './ledger.ts';
import type { FinishedMessage } from './reported.ts';

const SPAN = 2 ** 32;

/** A ledger with messages `a`, `b`, `c` to ship1, in the places 1, 2 and 3 of lane 1. */
async function start(t: TestContext) {
  const store = await tempStore(t);
  const finished: FinishedMessage[] = [];
  const warnings: object[] = [];
  const ledger = new Ledger({
    store,
    now: () => 5000,
    logger: { warn: (fields) => void warnings.push(fields) },
  });
  ledger.listen([{ ended: async (some) => void finished.push(...some) }]);
  const ids = ['a', 'b', 'c'];
  await store.write([
    statement("INSERT INTO lanes VALUES (1, 'ship1.REQCliCommand.CommandACK', 'e1', 4, NULL)"),
    ledger.queued(ids.map((id, index) => [SPAN + index + 1, id, 'batch', 1000, null])),
    {
      sql: "INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, ?, 1000, 5000, 0, x'0102')",
      rows: ids.map((id, index) => [SPAN + index + 1, id]),
    },
  ]);
  const row = (id: string) => store.get<Record<string, unknown>>('SELECT * FROM ledger WHERE id = ?', id)!;
  const states = () =>
    store.all<{ state: string }>('SELECT state FROM ledger ORDER BY key').map(({ state }) => state);
  const accept = (first: number, last: number) =>
    store.write([
      ledger.delivered({
        ...{ first: SPAN + first, last: SPAN + last, state: 'accepted' },
        ...{ sentAt: 2000, at: 3000, endedAt: null, reason: null, isSaid: true },
      }),
    ]);
  const report = (end: Partial<ReportEntry> & Pick<ReportEntry, 'id' | 'state'>, from = 'ship1') =>
    ledger.applyReports(from, [end]);
  return { store, ledger, finished, warnings, row, states, accept, report };
}

test('a message goes from queued over sent and accepted to running and its end', async (t) => {
  const { store, ledger, row, accept, report, finished } = await start(t);
  assert.equal(row('a').state, 'queued');
  await store.write([ledger.attempted(SPAN + 1, 2, 2000)]);
  assert.deepEqual([row('a').state, row('a').attempts, row('a').sent_at], ['sent', 2, 2000]);
  await accept(1, 1);
  assert.deepEqual([row('a').state, row('a').accepted_at, row('a').attempts], ['accepted', 3000, 2]);
  await report({ id: 'a', state: 'running', acceptedAt: 90_000, startedAt: 90_500 });
  assert.deepEqual([row('a').state, row('a').started_at, row('a').ended_at], ['running', 3500, null]);
  await report({
    id: 'a',
    state: 'failed',
    exitCode: 2,
    signal: 'SIGTERM',
    stderrTail: Buffer.from('no'),
    endedAt: 91_000,
  });
  const { state, exit_code, signal, ended_at, body } = row('a');
  assert.deepEqual([state, exit_code, signal, ended_at], ['failed', 2, 'SIGTERM', 5000]);
  const { there_accepted_at, there_started_at, there_ended_at } = row('a');
  assert.deepEqual([there_accepted_at, there_started_at, there_ended_at], [90_000, 90_500, 91_000]);
  assert.deepEqual(Buffer.from(body as Uint8Array), Buffer.from([1, 2]), 'what failed can be sent again');
  assert.deepEqual(
    finished.map(({ id, state, attempts }) => [id, state, attempts]),
    [['a', 'failed', 2]],
  );
});

test('what overtakes the answer that a message was taken still says when it was sent, and that it was', async (t) => {
  const { ledger, row, report, finished } = await start(t);
  ledger.listen([
    { ended: async (ended) => void finished.push(...ended), sentAt: ({ key }) => 1000 + key - SPAN },
  ]);
  await report({ id: 'a', state: 'succeeded', acceptedAt: 70_000, startedAt: 70_100, endedAt: 70_200 });
  assert.deepEqual([row('a').sent_at, row('a').attempts, finished[0]?.sentAt], [1001, 1, 1001]);
  await report({ id: 'b', state: 'running', acceptedAt: 70_000, startedAt: 70_100 });
  assert.deepEqual([row('b').state, row('b').sent_at, row('b').attempts], ['running', 1002, 1]);
});

test('a start that is heard of with the end alone lies between acceptance and end, whatever the target says', async (t) => {
  const { row, accept, report } = await start(t);
  await accept(1, 2);
  await report({ id: 'a', state: 'succeeded', acceptedAt: 70_000, startedAt: 70_100, endedAt: 70_200 });
  assert.deepEqual([row('a').accepted_at, row('a').started_at, row('a').ended_at], [3000, 3100, 5000]);
  await report({ id: 'b', state: 'succeeded', acceptedAt: 10, startedAt: 90_000, endedAt: 90_001 });
  assert.deepEqual([row('b').accepted_at, row('b').started_at, row('b').ended_at], [3000, 5000, 5000]);
  await report({ id: 'c', state: 'cancelled', endedAt: 90_001 });
  assert.deepEqual([row('c').accepted_at, row('c').started_at, row('c').ended_at], [5000, null, 5000]);
});

test('the body of a request that succeeded is kept where it is small', async (t) => {
  const { store, row, report, accept } = await start(t);
  await accept(1, 2);
  await store.write([statement("UPDATE ledger SET body = zeroblob(5000) WHERE id = 'b'")]);
  for (const id of ['a', 'b', 'c']) await report({ id, state: 'succeeded' });
  const lengths = ['a', 'b', 'c'].map((id) => (row(id).body as Uint8Array | null)?.length);
  assert.deepEqual(lengths, [2, undefined, 2]);
});

test('one statement accepts a run of messages, and no others', async (t) => {
  const { states, accept } = await start(t);
  await accept(1, 2);
  assert.deepEqual(states(), ['accepted', 'accepted', 'queued']);
});

test('a report from another node than the one that was asked is refused', async (t) => {
  const { row, report, warnings, finished } = await start(t);
  await report({ id: 'a', state: 'succeeded' }, 'ship2');
  await report({ id: 'unknown', state: 'succeeded' });
  assert.equal(row('a').state, 'queued');
  assert.deepEqual(warnings, [
    { id: 'a', more: 0, fromNode: 'ship2' },
    { id: 'unknown', more: 0, fromNode: 'ship1' },
  ]);
  assert.deepEqual(finished, []);
});

test('a report corrects what was given up while it was on its way', async (t) => {
  const { store, ledger, states, report, accept } = await start(t);
  for (const [index, state] of (['undelivered', 'expired'] as const).entries()) {
    await store.write([ledger.ended([SPAN + index + 1], state, 'given up', 4000)]);
  }
  await report({ id: 'a', state: 'running' });
  await report({ id: 'b', state: 'running' });
  assert.deepEqual(states(), ['running', 'running', 'queued']);
  await report({ id: 'a', state: 'succeeded' });
  await report({ id: 'b', state: 'succeeded' });
  await store.write([ledger.ended([SPAN + 3], 'expired', 'given up', 4000)]);
  await accept(3, 3);
  assert.deepEqual(states(), ['succeeded', 'succeeded', 'accepted']);
});

test('a report, or a word of its target, corrects what a newer request took the place of while it was on its way', async (t) => {
  const { store, ledger, states, report, accept } = await start(t);
  await store.write([ledger.ended([SPAN + 1, SPAN + 2, SPAN + 3], 'superseded', 'superseded by z', 4000)]);
  await report({ id: 'a', state: 'succeeded' });
  await report({ id: 'b', state: 'running' });
  await accept(3, 3);
  assert.deepEqual(states(), ['succeeded', 'running', 'accepted']);
});

test('an end that was reported before its message was answered stays', async (t) => {
  const { row, accept, report } = await start(t);
  for (const [id, state] of [
    ['a', 'expired'],
    ['b', 'cancelled'],
  ] as const)
    await report({ id, state, reason: 'it says so' });
  await accept(1, 2);
  assert.deepEqual(
    ['a', 'b'].map((id) => [row(id).state, row(id).reason, row(id).ended_at]),
    [
      ['expired', 'it says so', 5000],
      ['cancelled', 'it says so', 5000],
    ],
  );
});

test('what was cancelled stays so where its target says that its time was over', async (t) => {
  const { store, ledger, row, report, finished } = await start(t);
  await store.write([ledger.ended([SPAN + 1], 'cancelled', 'called off', 4000)]);
  await report({ id: 'a', state: 'expired', reason: 'it came after its time was over' });
  assert.deepEqual([row('a').state, row('a').reason, finished], ['cancelled', 'called off', []]);
  await report({ id: 'a', state: 'succeeded' });
  assert.equal(row('a').state, 'succeeded');
});

test('an end that is known is not overwritten', async (t) => {
  const { store, ledger, states, report, accept, finished } = await start(t);
  await report({ id: 'a', state: 'succeeded' });
  await report({ id: 'a', state: 'failed' });
  await report({ id: 'a', state: 'running' });
  await store.write([
    ledger.ended([SPAN + 1], 'undelivered', 'given up', 4000),
    ledger.attempted(SPAN + 1, 9, 1),
  ]);
  await accept(1, 1);
  await store.write([ledger.ended([SPAN + 2], 'rejected', 'no', 4000)]);
  await report({ id: 'b', state: 'succeeded' });
  assert.deepEqual(states(), ['succeeded', 'rejected', 'queued']);
  assert.equal(finished.length, 1);
});

test('output is unannounced from before it is committed until the listeners have heard it, or the write failed', async (t) => {
  const { ledger, store, states } = await start(t);
  const seen: string[][] = [];
  const look = () => void seen.push([...ledger.unannounced()]);
  ledger.listen([{ output: look }]);
  const end: ReportEntry = { id: 'a', state: 'failed', stderrTail: Buffer.from('why') };
  const full = ledger.takeReports([['ship1', [end]]], async () => {
    look();
    throw new Error('the disk is full');
  });
  await assert.rejects(full, /disk is full/);
  look();
  await ledger.takeReports([['ship1', [end, { id: 'b', state: 'succeeded' }]]], async (statements) => {
    await store.write(statements);
    assert.deepEqual(states(), ['failed', 'succeeded', 'queued']);
    look();
  });
  look();
  assert.deepEqual(seen, [['a'], [], ['a'], ['a'], []]);
});

test('an end that cannot be handed on is not written down', async (t) => {
  const { store, states } = await start(t);
  const ledger = new Ledger({
    ...{ store, now: () => 0, logger: { warn: () => {} } },
  });
  ledger.listen([{ ended: () => Promise.reject(new Error('the audit log is full')) }]);
  await assert.rejects(ledger.applyReports('ship1', [{ id: 'a', state: 'succeeded' }]), /audit log/);
  assert.deepEqual(states(), ['queued', 'queued', 'queued']);
});

test('old and surplus messages are deleted, but none that is open', async (t) => {
  const store = await tempStore(t);
  const now = Date.UTC(2026, 0, 10);
  const ledger = new Ledger({
    store,
    now: () => now,
    logger: { warn: () => {} },
  });
  const ids = Array.from({ length: 20 }, (_, day) => uuidV7({ msecs: now - (20 - day) * 86_400_000 }));
  await store.write([
    ledger.queued(ids.map((id, index) => [SPAN + index, id, null, 0, null])),
    ledger.ended(
      ids.flatMap((_, index) => (index % 5 === 0 ? [] : [SPAN + index])),
      'rejected',
      'no',
      0,
    ),
  ]);
  const left = () =>
    store.all<{ id: string }>('SELECT id FROM ledger ORDER BY id').map(({ id }) => ids.indexOf(id));
  assert.equal(await ledger.prune({ keepMs: 10.5 * 86_400_000, keepCount: 100 }), 8);
  assert.deepEqual(left(), [0, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  assert.equal(await ledger.prune({ keepMs: 100 * 86_400_000, keepCount: 4 }), 4);
  assert.deepEqual(left(), [0, 5, 10, 15, 16, 17, 18, 19]);
});

test('four states are open, all others are ends', () => {
  assert.deepEqual(
    REQUEST_STATES.filter((state) => !isEnd(state)),
    ['queued', 'sent', 'accepted', 'running'],
  );
});

test('a node that reports one end after the other of one request is heard a few times, and then for what is certain', async (t) => {
  const { ledger, store, row, report, finished, warnings } = await start(t);
  const flips = (count: number): ReportEntry[] =>
    Array.from({ length: count }, (_, at) => ({ id: 'a', state: at % 2 === 0 ? 'lost' : 'expired' }));
  await ledger.applyReports('ship1', flips(1000));
  for (let round = 0; round < 20; round++) await ledger.applyReports('ship1', flips(4));
  const corrected = store.all("SELECT * FROM steps WHERE what = 'corrected'");
  assert.ok(corrected.length < 30 && finished.length < 30, `${corrected.length}, ${finished.length}`);
  await report({ id: 'a', state: 'succeeded' });
  const before = finished.length;
  await ledger.applyReports('ship1', [
    { id: 'a', state: 'lost' },
    { id: 'a', state: 'succeeded' },
  ]);
  assert.deepEqual([row('a').state, finished.length], ['succeeded', before]);
  await ledger.applyReports(
    'ship1',
    Array.from({ length: 1000 }, (_, at) => ({ id: `made-up-${at}`, state: 'lost' })),
  );
  assert.deepEqual(warnings, [{ id: 'made-up-0', more: 999, fromNode: 'ship1' }]);
});
