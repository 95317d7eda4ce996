import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { tempStore } from '../../../test/support/temp-store.ts';
import type { HeldAnswer } from '../../message/state-question.ts';
import { statement } from '../../store/store.ts';
import { HeldRuns, type LeftRun } from './held-runs.ts';

const SUBJECT = 'ship1.REQCliCommand.CommandACK';

test('what waits begins at once where its sender knows nothing else of the first requests, or cannot tell', async (t) => {
  for (const answer of [[], 'older'] as const) {
    const { lefts, held, asked } = await start(t, { answers: [answer], count: 25 });
    assert.equal(await held(), false);
    assert.deepEqual(
      asked,
      [lefts.slice(0, 20).map(({ id }) => id)],
      'runs begin in order: the first ones tell',
    );
  }
});

test('what has ended as its sender knows ends here without a run and a report, what had begun as interrupted', async (t) => {
  const answers: HeldAnswer[] = [
    [
      { id: 'id 1', state: 'failed', exitCode: 3 },
      { id: 'id 2', state: 'running' },
      { id: 'id 99', state: 'failed' },
    ],
  ];
  const { held, removed, finished, rowOf, errors } = await start(t, { answers, count: 3 });
  assert.equal(await held(), false);
  assert.deepEqual(removed, [1, 2]);
  assert.deepEqual(rowOf(1), { state: 'failed', exit_code: 3, reported: 1 });
  assert.deepEqual(finished, [{ row: 2, state: 'interrupted' }]);
  assert.match(errors.join(), /1 request of central had begun in a life of this node/);
});

test('in a backup all is asked for, and waits until its sender answers, however long that takes', async (t) => {
  // One that cannot be asked, as the connection ends under the question, is one that does not answer.
  const answers: (HeldAnswer | Error)[] = Array.from({ length: 200 }, (_, at) =>
    at % 2 ? new Error('closed') : 'silent',
  );
  const { held, clock, asked, errors } = await start(t, { answers, count: 25, restoredRow: 25 });
  for (let minute = 0; minute < 30; minute++) {
    await clock.advance(60_000);
    await settle();
  }
  assert.equal(await held(), true);
  assert.equal(asked[0]!.length, 25);
  assert.equal(errors.length, 1);
  assert.match(
    errors[0]!,
    /requests of central wait until central says which of them it still wants, .*: have central run and connected, .*central\.Steward\.State.*or cancel them there$/,
  );
  answers.length = asked.length;
  await clock.advance(15_000);
  assert.equal(await held(), false);
});

test('without a sign of a backup, or of a sender of which nothing is known, what waits begins after 10 s', async (t) => {
  for (const [answer, restoredRow] of [
    ['silent', 0],
    ['unknown', 9],
  ] as const) {
    const answers = Array.from({ length: 50 }, () => answer);
    const { held, clock } = await start(t, { answers, count: 2, restoredRow });
    for (let second = 0; second < 9; second++) {
      await clock.advance(1000);
      await settle();
    }
    assert.equal(await held(), true);
    await clock.advance(5000);
    assert.equal(await held(), false);
  }
});

test('own requests, and those of nodes that speak no lanes, wait for nobody', async (t) => {
  const { held, asked } = await start(t, { answers: [], count: 1, more: { lane: null } });
  assert.equal(await held(), undefined);
  const own = await start(t, { answers: [], count: 1, more: { from_node: 'ship1' } });
  assert.deepEqual([await own.held(), asked, own.asked], [undefined, [], []]);
});

/** Requests that an earlier life left, and a sender that gives these answers, and then that it knows of none. */
async function start(
  t: TestContext,
  given: {
    readonly answers: readonly (HeldAnswer | Error)[];
    readonly count: number;
    readonly restoredRow?: number;
    readonly more?: Partial<LeftRun>;
  },
) {
  const store = await tempStore(t);
  const clock = new ManualClock();
  const lefts = Array.from({ length: given.count }, (_, at): LeftRun => {
    const rest = {
      from_node: 'central',
      subject: SUBJECT,
      state: 'accepted',
      schedule: null,
      lane: 1,
      bytes: 1,
    };
    return { row: at + 1, id: `id ${at + 1}`, ...rest, ...given.more };
  });
  const insert = `INSERT INTO journal (row, lane, seq, id, from_node, subject, state, accepted_at, reported, format)
    VALUES (?, 1, ?, ?, 'central', ?, 'accepted', 5, 1, 0)`;
  await store.write(lefts.map(({ row, id }) => statement(insert, row, row, id, SUBJECT)));
  const [asked, removed, errors]: [(readonly string[])[], number[], string[]] = [[], [], []];
  const finished: { row: number; state: string }[] = [];
  let isHeld: boolean | undefined;
  const stop = new AbortController();
  const queue = {
    hold: (until: Promise<void>) => {
      isHeld = true;
      until.then(() => {
        isHeld = false;
      });
    },
    remove: (row: number) => removed.push(row) > 0,
  };
  const runner = {
    finish: async ({ row }: { row: number }, { state }: { state: string }) => finished.push({ row, state }),
  };
  const deps = {
    ...{ store, clock, runner, signal: stop.signal, logger: { warn: () => {}, info: () => {} } },
    ...{ queues: { of: () => queue }, scheduler: { cancel: () => true } },
    errorReporter: { report: (text: string) => errors.push(text) },
  } as unknown as ConstructorParameters<typeof HeldRuns>[1];
  const ask = async (_: string, ids: readonly string[]) => {
    asked.push(ids);
    const answer = given.answers[asked.length - 1] ?? [];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  new HeldRuns({ nodeName: 'ship1' }, deps).hold(lefts, ask, given.restoredRow ?? 0)();
  t.after(() => stop.abort());
  const held = async () => {
    // A write of the database takes a while.
    await store.write([]);
    await settle();
    return isHeld;
  };
  const rowOf = (row: number) => ({
    ...store.get<object>('SELECT state, exit_code, reported FROM journal WHERE row = ?', row),
  });
  return { lefts, clock, asked, removed, finished, errors, held, rowOf };
}
