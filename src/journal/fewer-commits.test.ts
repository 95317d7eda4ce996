import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { TestJournal } from '../../test/support/test-journal.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { RunResult } from '../message/method-contract.ts';
import type { Store } from '../store/store.ts';

function allReported(made: TestJournal, count: number): Promise<unknown> {
  return waitFor(
    `${count} reports`,
    () => made.reports.length >= count && made.rows().every(({ reported }) => reported),
  );
}

test('a request that nothing is before begins with the commit that accepts it, one that waits for its turn later', async (t) => {
  const real = await tempStore(t);
  const writes: string[][] = [];
  const write: Store['write'] = (statements) => {
    writes.push(statements.map(({ sql }) => sql));
    return real.write(statements);
  };
  const ends: ((result: RunResult) => void)[] = [];
  const bound = { all: real.all.bind(real), get: real.get.bind(real), path: real.path };
  const made = await TestJournal.open(t, {
    store: { ...bound, write } as unknown as Store,
    run: () => new Promise((resolve) => ends.push(resolve)),
  });
  made.receive(made.run, { seq: 1 }, { seq: 2 });
  await waitFor('the first to begin', () => ends.length === 1);
  const [first] = writes;
  assert.equal(writes.length, 1);
  assert.ok(first!.some((sql) => sql.startsWith('INSERT INTO journal (')));
  assert.ok(first!.some((sql) => sql.includes("SET state = 'running'")));
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['running', 'accepted'],
  );
  const reply = Buffer.from('done');
  ends[0]!({ state: 'succeeded', reply });
  await waitFor('the second to begin', () => ends.length === 2);
  ends[1]!({ state: 'succeeded', reply });
  await allReported(made, 2);
  // The reply to a request behind which another waits goes with that one's.
  assert.deepEqual(made.mayWait, [true, false]);
});

test('a request that was to begin with its acceptance, and did not as the node stops, waits for the next start', async (t) => {
  const store = await tempStore(t);
  let runs = 0;
  const run = async (): Promise<RunResult> => ({ state: runs++ > 0 ? 'failed' : 'succeeded' });
  const made = await TestJournal.open(t, { store, run });
  made.receive(made.run, { seq: 1 });
  await made.journal[Symbol.asyncDispose]();
  const [row] = made.rows();
  assert.ok(row?.state === 'succeeded' || (row?.state === 'accepted' && runs === 0), JSON.stringify(row));
});

test('the end of a run goes with its reply, and counts as reported once that is taken', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const made = await TestJournal.open(t, {
    takesEnds: true,
    run: async () => ({ state: 'succeeded', exitCode: 0, reply: Buffer.from('output') }),
  });
  made.receive(made.run, { seq: 1 }, { seq: 2 });
  for (let round = 0; round < 50 && made.riding.length < 2; round++) {
    t.mock.timers.tick(1);
    await made.settled();
  }
  const [taken, lost] = made.riding;
  assert.deepEqual([taken?.toNode, taken?.end.state, taken?.end.exitCode], ['central', 'succeeded', 0]);
  await made.store.write([taken!.taken]);
  taken!.onTaken();
  t.mock.timers.tick(900);
  await made.settled();
  assert.equal(made.reports.length, 0);
  assert.deepEqual(
    made.rows().map(({ reported }) => reported),
    [1, 0],
  );
  t.mock.timers.tick(1000);
  await made.settled();
  t.mock.timers.tick(10);
  await made.settled();
  assert.deepEqual(
    made.reports.map(({ end }) => end.id),
    [lost?.end.id],
  );
});

test('an end is written with the first word of its reply, and alone where the reply fails', async (t) => {
  let isFailing = false;
  const made = await TestJournal.open(t, {
    apply: async (batch, intend) => {
      if (isFailing) throw new Error('the disk is full');
      await intend('a note');
      return batch.map(() => ({ ok: true }));
    },
  });
  const end = (id: string) => JSON.stringify({ id, state: 'succeeded', stdoutBytes: 2 });
  const reply = (seq: number) =>
    made.arrival(
      made.effect,
      { seq },
      { fields: { fromNode: 'ship9', data: [Buffer.from('ok')] }, headers: { [HEADER.end]: end(`r${seq}`) } },
    );
  made.journal.receive(reply(1), made.effect);
  await waitFor('the end to be told', () => made.ends.length === 1);
  const [{ fromNode, end: told }] = made.ends as [(typeof made.ends)[0]];
  assert.deepEqual([fromNode, told.id, Buffer.from(told.stdout!).toString()], ['ship9', 'r1', 'ok']);
  isFailing = true;
  made.journal.receive(reply(2), made.effect);
  await waitFor('the second end to be told', () => made.ends.length > 1);
  assert.equal(made.ends[1]!.end.id, 'r2');
});
