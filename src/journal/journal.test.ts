import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { failingStore, tempStore } from '../../test/support/temp-store.ts';
import { TestJournal } from '../../test/support/test-journal.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { systemClock } from '../lib/clock.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { RunCall, RunResult } from '../message/method-contract.ts';
import { type Statement, type Store, statement } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';

const DAY_MS = 86_400_000;

function allReported(made: TestJournal, count: number): Promise<unknown> {
  return waitFor(
    `${count} reports`,
    () => made.reports.length >= count && made.rows().every(({ reported }) => reported),
  );
}

test('a request is answered when it is journalled, then run, and its end and reply are one transaction', async (t) => {
  const made = await TestJournal.open(t, {
    run: async () => ({ state: 'failed', exitCode: 3, reason: 'exit code 3', reply: Buffer.from('output') }),
  });
  made.receive(made.run, { seq: 1 });
  await allReported(made, 1);
  assert.deepEqual(made.taken(), ['accepted 1-1']);
  assert.deepEqual(made.replies, [{ data: 'output', withEnd: true }]);
  assert.deepEqual(made.rows(), [{ id: 'id-e1-1', state: 'failed', reported: 1 }]);
  const { toNode, end } = made.reports[0]!;
  assert.equal(toNode, 'central');
  assert.deepEqual([end.id, end.state, end.exitCode, end.reason], ['id-e1-1', 'failed', 3, 'exit code 3']);
  assert.equal(made.store.get<{ body: unknown }>('SELECT body FROM journal')?.body, null);
});

test('the reply to a request goes in the class that its sender named', async (t) => {
  const made = await TestJournal.open(t, {
    run: async () => ({ state: 'succeeded', reply: Buffer.from('output') }),
  });
  const classes: Record<string, string>[] = [
    {},
    { [HEADER.priority]: 'bulk' },
    { [HEADER.priority]: 'other' },
  ];
  for (const [index, headers] of classes.entries())
    made.journal.receive(made.arrival(made.run, { seq: index + 1 }, { headers }), made.run);
  await allReported(made, 3);
  assert.deepEqual(
    made.replies.map(({ priority }) => priority),
    [undefined, 'bulk', undefined],
  );
});

test('a request whose time was over before its turn came is not run', async (t) => {
  let now = 1000;
  let runs = 0;
  const first = Promise.withResolvers<RunResult>();
  const made = await TestJournal.open(t, {
    clock: { ...systemClock, wallNow: () => now, steadyNow: () => now },
    run: () => (runs++ === 0 ? first.promise : Promise.resolve({ state: 'succeeded' })),
  });
  made.receive(made.run, { seq: 1 });
  made.journal.receive(
    made.arrival(made.run, { seq: 2 }, { headers: { [HEADER.notAfter]: '1500' } }),
    made.run,
  );
  await made.settled();
  now = 2000;
  first.resolve({ state: 'succeeded' });
  await allReported(made, 2);
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['succeeded', 'expired'],
  );
  assert.equal(runs, 1);
});

test('a fault in a method ends its request as failed', async (t) => {
  const made = await TestJournal.open(t, { run: () => Promise.reject(new Error('oops')) });
  made.receive(made.run, { seq: 1 });
  await allReported(made, 1);
  assert.equal(made.rows()[0]?.state, 'failed');
  assert.deepEqual(made.errors, ['error: REQCliCommand failed unexpectedly: oops']);
});

test('what runs when the node stops is told so, and what waits is run at the next start', async (t) => {
  const store = await tempStore(t);
  const reasons: string[] = [];
  const run = ({ signal }: RunCall) =>
    new Promise<RunResult>((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as { code: string }).code);
        resolve({ state: 'interrupted', reason: 'the node stops' });
      });
    });
  const first = await TestJournal.open(t, { store, run });
  first.receive(first.run, { seq: 1 }, { seq: 2 });
  await first.settled();
  await first[Symbol.asyncDispose]();
  assert.deepEqual(reasons, ['stopping']);
  assert.deepEqual(
    first.rows().map(({ state }) => state),
    ['interrupted', 'accepted'],
  );
  assert.equal(first.reports.length, 1);
  const second = await TestJournal.open(t, { store });
  await allReported(second, 1);
  assert.deepEqual(
    second.rows().map(({ state }) => state),
    ['interrupted', 'succeeded'],
  );
});

test('after a crash what had begun ends as interrupted and is not run again; its processes are ended', async (t) => {
  const store = await tempStore(t);
  const end = Promise.withResolvers<RunResult>();
  const crashed = await TestJournal.open(t, { store, run: () => end.promise });
  crashed.receive(crashed.run, { seq: 1 }, { seq: 2 });
  await crashed.settled();
  let runs = 0;
  const made = await TestJournal.open(t, {
    store,
    run: async () => ({ state: runs++ < 9 ? 'succeeded' : 'failed' }),
  });
  await allReported(made, 2);
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['interrupted', 'succeeded'],
  );
  assert.deepEqual([made.killed, runs], [['test/1/1/id-e1-1'], 1]);
  assert.match(
    made.errors[0]!,
    /the node stopped while this ran; it is not run again, and what it had not replied by then is lost/,
  );
  end.resolve({ state: 'interrupted' });
  await crashed.journal[Symbol.asyncDispose]();
});

test('messages of an original node get ids, which the journal keeps; rows of an older version get theirs at the start', async (t) => {
  const store = await tempStore(t);
  const calls: RunCall[] = [];
  const run = async (call: RunCall): Promise<RunResult> => {
    calls.push(call);
    return { state: 'succeeded' };
  };
  const first = await TestJournal.open(t, { store, run });
  first.receive(first.run, { id: '' }, { id: '' });
  await first.settled();
  assert.equal(calls.length, 2);
  for (const [index, { id }] of calls.entries()) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal(first.rows()[index]?.id, id);
  }
  assert.notEqual(calls[0]?.runId, calls[1]?.runId);
  await first[Symbol.asyncDispose]();
  await store.write([
    statement(`UPDATE journal SET state = 'accepted', id = '', ended_at = NULL, body = x'00'`),
  ]);
  const second = await TestJournal.open(t, { store, run });
  await second.settled();
  assert.deepEqual(
    second.rows().map(({ id }) => id.length),
    [36, 36],
  );
});

test('ends that were not reported before the node stopped are reported at the next start', async (t) => {
  const store = await tempStore(t);
  const first = await TestJournal.open(t, { store });
  first.receive(first.run, { seq: 1 });
  await allReported(first, 1);
  await first[Symbol.asyncDispose]();
  await store.write([statement('UPDATE journal SET reported = 0')]);
  const second = await TestJournal.open(t, { store });
  await allReported(second, 1);
  assert.deepEqual([second.reports[0]?.end.id, second.reports[0]?.end.state], ['id-e1-1', 'succeeded']);
});

test('a large reply goes in pieces from its file, which is removed; the end comes with them', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'output');
  writeFileSync(path, 'aaabbbc');
  const made = await TestJournal.open(t, {
    pieceBytes: 3,
    run: async () => ({ state: 'succeeded', reply: { path, bytes: 7 } }),
  });
  made.receive(made.run, { seq: 1 });
  await allReported(made, 1);
  assert.deepEqual(made.replies, [
    { data: 'aaa', withEnd: true },
    { data: 'bbb', withEnd: true },
    { data: 'c', withEnd: true },
  ]);
  await waitFor('the removal of the file', () => !existsSync(path));
});

test('a reply in pieces on a disk that is full for a while is neither lost nor doubled', async (t) => {
  let failures = 0;
  const real = await tempStore(t);
  const store = failingStore(real, (statements) => {
    const isEnd = statements.some(({ sql }) => sql.includes('ended_at = ?'));
    return isEnd && failures++ < 1;
  });
  const made = await TestJournal.open(t, {
    store,
    pieceBytes: 3,
    run: async () => ({ state: 'succeeded', reply: Buffer.from('aaabbbc') }),
  });
  made.receive(made.run, { seq: 1 });
  await allReported(made, 1);
  assert.deepEqual(
    made.replies.map(({ data }) => data),
    ['aaa', 'bbb', 'c'],
  );
  assert.equal(failures, 2);
});

test('a request whose beginning or end can never be written is set aside and reported, and holds up no other', async (t) => {
  const real = await tempStore(t);
  const isAbout = (statements: readonly Statement[], sql: string, row: number) =>
    statements.some((one) => one.sql.includes(sql) && one.rows.some((params) => params.includes(row)));
  const write: Store['write'] = (statements) => {
    const isRefused =
      isAbout(statements, "SET state = 'running'", 1) || isAbout(statements, 'ended_at = ?', 2);
    return isRefused
      ? Promise.reject(new StoreError('failed', 'a constraint says no'))
      : real.write(statements);
  };
  const bound = { all: real.all.bind(real), get: real.get.bind(real), path: real.path };
  const ran: string[] = [];
  const made = await TestJournal.open(t, {
    store: { ...bound, write } as unknown as Store,
    run: async ({ id }) => ({ state: ran.push(id) > 0 ? 'succeeded' : 'failed' }),
  });
  made.receive(made.run, { seq: 1 }, { seq: 2 }, { seq: 3 });
  await waitFor('the third to be reported', () => made.reports.length === 1);
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['accepted', 'running', 'succeeded'],
  );
  assert.deepEqual(ran, ['id-e1-2', 'id-e1-3']);
  assert.deepEqual(
    made.errors.map(
      (text) => /request (\S+) was set aside until the next start.*a constraint/.exec(text)?.[1],
    ),
    ['id-e1-1', 'id-e1-2'],
  );
});

test('a reply that must be whole and is too large is reported, and the request ends', async (t) => {
  const made = await TestJournal.open(t, {
    maxMessageBytes: 100_000,
    run: async () => ({ state: 'succeeded', reply: Buffer.alloc(200_000) }),
  });
  made.receive(made.run, { seq: 1 });
  await allReported(made, 1);
  assert.deepEqual(made.replies, []);
  assert.match(made.errors[0]!, /the output of 200000 bytes is larger than one message may be/);
});

test('old and surplus rows are deleted, but none that is open or not reported', async (t) => {
  let now = 10 * DAY_MS;
  const made = await TestJournal.open(t, { clock: { ...systemClock, wallNow: () => now } });
  made.receive(made.run, { seq: 1 }, { seq: 2 });
  await allReported(made, 2);
  await made.store.write([statement("UPDATE journal SET reported = 0 WHERE id = 'id-e1-2'")]);
  now += 5 * DAY_MS;
  made.receive(made.run, { seq: 3 }, { seq: 4 });
  await waitFor('four ends', () => made.reports.length === 4);
  await made.settled();
  assert.equal(await made.journal.prune({ keepMs: 2 * DAY_MS, keepCount: 100 }), 1);
  assert.deepEqual(
    made.rows().map(({ id }) => id),
    ['id-e1-2', 'id-e1-3', 'id-e1-4'],
  );
  assert.equal(await made.journal.prune({ keepMs: 2 * DAY_MS, keepCount: 1 }), 1);
  assert.deepEqual(
    made.rows().map(({ id }) => id),
    ['id-e1-2', 'id-e1-4'],
  );
});
