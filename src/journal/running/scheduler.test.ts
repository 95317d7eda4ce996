import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import type { Store } from '../../store/store.ts';

/** Reports wait for so long for others to go with. */
const GATHER_MS = 10;
const DONE: RunResult = { state: 'succeeded', reply: Buffer.from('done\n') };

interface Options {
  readonly store?: Store;
  readonly clock?: ManualClock;
  run?(call: RunCall): Promise<RunResult>;
}

/** A journal whose time stands still, and a way to move it on. */
async function start(t: TestContext, options: Options = {}) {
  const clock = options.clock ?? new ManualClock();
  const store = options.store ?? (await tempStore(t));
  const run = options.run ?? (async () => DONE);
  const made = await TestJournal.open(t, { store, run, clock });
  const advance = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed++) {
      await clock.advance(1000);
      await made.settled();
    }
  };
  const submit = async (schedule: unknown, headers: Record<string, string> = {}) => {
    const all = { [HEADER.schedule]: JSON.stringify(schedule), ...headers };
    const arrival = made.arrival(made.run, { seq: 1, id: 'id-1' }, { headers: all });
    made.journal.receive(arrival, made.run);
    await made.settled();
    await clock.advance(0);
    await made.settled();
  };
  /** The states that were reported, each once in a row. */
  const reported = () => made.reports.map(({ end }) => `${end.state}${end.reason ? `: ${end.reason}` : ''}`);
  return { made, clock, store, advance, submit, reported };
}

/** A run that lasts until the test ends it, or its signal. */
function slowRuns() {
  const ends: (() => void)[] = [];
  const run = ({ signal }: RunCall) =>
    new Promise<RunResult>((resolve) => {
      ends.push(() => resolve(DONE));
      signal.addEventListener('abort', () => resolve({ state: signal.reason.code }));
    });
  return { run, ends };
}

test('an interval runs at once and then until its total is over; each run replies, and the end has the counts', async (t) => {
  const { made, clock, submit, advance, reported } = await start(t);
  await submit([5, 20]);
  assert.equal(made.replies.length, 1);
  assert.equal(made.rows()[0]?.state, 'running');
  await advance(14);
  assert.equal(made.replies.length, 3);
  assert.equal(made.rows()[0]?.state, 'running');
  await advance(1);
  assert.deepEqual(
    made.replies.map(({ data }) => data),
    Array(4).fill('done\n'),
  );
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'succeeded: 4 runs, 0 failed, 0 skipped']);
  assert.equal(made.rows()[0]?.state, 'succeeded');
  assert.deepEqual(made.store.all('SELECT * FROM schedules'), []);
});

test('a run that is due while the one before still runs is skipped, and counted', async (t) => {
  const { run, ends } = slowRuns();
  const { made, clock, submit, advance, reported } = await start(t, { run });
  await submit([2, 10]);
  await advance(5);
  assert.equal(ends.length, 1);
  ends[0]!();
  await made.settled();
  await advance(1);
  assert.equal(ends.length, 2);
  await advance(10);
  assert.equal(made.rows()[0]?.state, 'running', 'the last run may end');
  ends[1]!();
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'succeeded: 2 runs, 0 failed, 3 skipped']);
});

test('failed runs are counted, and the schedule goes on; one that never did well has failed', async (t) => {
  let runs = 0;
  const run = async (): Promise<RunResult> => {
    runs++;
    return runs === 2 ? DONE : { state: 'failed', error: `error: run ${runs}` };
  };
  const { made, clock, submit, advance, reported } = await start(t, { run });
  await submit([1, 3]);
  await advance(3);
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'succeeded: 3 runs, 2 failed, 0 skipped']);
  assert.deepEqual(made.errors, ['error: run 1', 'error: run 3']);
  const other = await start(t, { run: async () => ({ state: 'timed-out' }) });
  await other.submit([1, 1]);
  await waitForReports(other.made, other.clock, 2);
  assert.deepEqual(other.reported(), ['running', 'failed: 1 run, 1 failed, 0 skipped']);
});

test('expiresIn ends a schedule', async (t) => {
  const clock = new ManualClock();
  const { made, submit, advance, reported } = await start(t, { clock });
  await submit('*/10 * * * * *', { [HEADER.notAfter]: String(clock.wallNow() + 25_000) });
  await advance(26);
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'succeeded: 3 runs, 0 failed, 0 skipped']);
  const late = await start(t, { clock });
  await late.submit('0 0 1 1 *', { [HEADER.notAfter]: String(clock.wallNow() + 25_000) });
  await waitForReports(late.made, clock, 2);
  assert.deepEqual(late.reported(), ['running', 'expired: its time was over before its first run']);
});

test('a cancellation ends a schedule, between runs and in one', async (t) => {
  const { made, clock, submit, advance, reported } = await start(t);
  await submit([5, 60]);
  await made.journal.cancel('id-1');
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'cancelled: it was cancelled: 1 run, 0 failed, 0 skipped']);
  await advance(20);
  assert.equal(made.replies.length, 1);
  assert.deepEqual(made.journal.schedules.list(), []);
  const { run, ends } = slowRuns();
  const slow = await start(t, { run });
  await slow.submit([5, 60]);
  await slow.made.journal.cancel('id-1');
  await waitForReports(slow.made, slow.clock, 2);
  assert.equal(ends.length, 1);
  assert.deepEqual(slow.reported(), ['running', 'cancelled: it was cancelled: 1 run, 0 failed, 0 skipped']);
});

test('each run of a schedule has an identity of its own, and only that of the run under way is looked for after a crash', async (t) => {
  const runIds: string[] = [];
  const run = async ({ runId }: RunCall): Promise<RunResult> => {
    runIds.push(runId);
    return DONE;
  };
  const { store, clock, made, submit, advance } = await start(t, { run });
  await submit([5, 60]);
  await advance(5);
  assert.deepEqual(runIds, ['test/1/1/id-1', 'test/1/2/id-1']);
  await made[Symbol.asyncDispose]();
  const idle = await start(t, { store, clock, run });
  assert.deepEqual(idle.made.killed, []);
  await idle.made[Symbol.asyncDispose]();
  await store.write([{ sql: 'UPDATE schedules SET run_at = ?', rows: [[clock.wallNow()]] }]);
  const crashed = await start(t, { store, clock, run });
  assert.deepEqual(crashed.made.killed, ['test/1/3/id-1']);
  await crashed.advance(5);
  assert.equal(runIds.at(-1), 'test/1/4/id-1');
});

test('a schedule goes on after a restart: what was missed is left out, what was cut short has failed', async (t) => {
  const { run } = slowRuns();
  const first = await start(t, { run });
  await first.submit([5, 60]);
  // As a crash leaves it: the run is under way in the database.
  const { store, clock } = first;
  const [left] = store.all<Record<string, number>>('SELECT * FROM schedules');
  await first.made[Symbol.asyncDispose]();
  const sql = 'UPDATE schedules SET runs = 0, failed = 0, run_at = ?';
  await store.write([{ sql, rows: [[left!.run_at!]] }]);
  await clock.advance(17_000);
  const second = await start(t, { store, clock });
  assert.equal(second.made.errors.length, 1);
  assert.match(second.made.errors[0]!, /while a run of the schedule \[5,60\] was under way/);
  assert.deepEqual(second.made.killed, ['test/1/1/id-1']);
  assert.equal(second.made.replies.length, 0);
  await second.advance(3);
  assert.equal(second.made.replies.length, 1);
  await second.advance(40);
  await waitForReports(second.made, second.clock, 1);
  assert.deepEqual(second.reported(), ['succeeded: 9 runs, 1 failed, 0 skipped']);
});

test('a node that stops cuts a run short, and the schedule stays', async (t) => {
  const { run } = slowRuns();
  const { made, submit, store, clock } = await start(t, { run });
  await submit([5, 60]);
  await made[Symbol.asyncDispose]();
  assert.equal(made.rows()[0]?.state, 'running');
  const rows = store.all<object>('SELECT runs, failed, run_at FROM schedules').map((row) => ({ ...row }));
  assert.deepEqual(rows, [{ runs: 1, failed: 1, run_at: null }]);
  await clock.advance(60_000);
  const again = await start(t, { store, clock });
  await waitForReports(again.made, clock, 1);
  assert.deepEqual(again.reported(), ['failed: 1 run, 1 failed, 0 skipped']);
});

test('a schedule holds up none of its successors', async (t) => {
  const { run, ends } = slowRuns();
  const { made, submit } = await start(t, { run });
  await submit([5, 60]);
  made.receive(made.run, { seq: 2 });
  await made.settled();
  assert.equal(ends.length, 2);
});

test('where the clock is set back, the next run is not further away than the interval', async (t) => {
  const clock = new ManualClock();
  const store = await tempStore(t);
  const made = await TestJournal.open(t, { store, run: async () => DONE, clock });
  const headers = { [HEADER.schedule]: '[600,6000]' };
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { headers }), made.run);
  await made.settled();
  await clock.advance(0);
  await made.settled();
  assert.equal(made.replies.length, 1);
  clock.setBy(-86_400_000);
  for (let minute = 0; minute < 12; minute++) {
    await clock.advance(60_000);
    await made.settled();
  }
  assert.equal(made.replies.length, 2);
});

test('a clock that is set neither ends an interval early nor makes it longer', async (t) => {
  for (const stepMs of [-30 * 86_400_000, 30 * 86_400_000]) {
    const { made, clock, submit, advance, reported } = await start(t);
    await submit([5, 20]);
    clock.setBy(stepMs);
    assert.equal(made.journal.schedules.list()[0]?.nextAt, clock.wallNow() + 5000);
    await advance(20);
    await waitForReports(made, clock, 2);
    assert.deepEqual(reported(), ['running', 'succeeded: 4 runs, 0 failed, 0 skipped']);
    const { startedAt, endedAt } = made.reports.at(-1)!.end;
    assert.equal(Math.round((endedAt! - startedAt!) / 1000), 15);
  }
});

test('times that a sleeping machine missed by more than the grace are skipped and reported', async (t) => {
  const { made, clock, submit, advance } = await start(t);
  await submit([600, 6000]);
  await clock.sleep(1500_000);
  await advance(60);
  assert.equal(made.replies.length, 1, 'neither of the two that were missed is made up for');
  assert.deepEqual(
    made.journal.schedules.list().map(({ skipped }) => skipped),
    [2],
  );
  assert.match(
    made.errors.join(),
    /info: ship1\.REQCliCommand.*: 2 runs of the schedule \[600,6000\].*skipped: 15 min late/,
  );
  await advance(300);
  assert.equal(made.replies.length, 2, 'the next one comes at its time');
});

test('an end that was given as time left is counted from arrival, whatever the clocks of both nodes say', async (t) => {
  const { made, clock, submit, advance, reported } = await start(t);
  const past = String(clock.wallNow() - 86_400_000);
  await submit([5, 60], { [HEADER.notAfter]: past, [HEADER.left]: '12000' });
  clock.setBy(-3_600_000);
  await advance(15);
  await waitForReports(made, clock, 2);
  assert.deepEqual(reported(), ['running', 'succeeded: 3 runs, 0 failed, 0 skipped']);
});

test('schedules are listed', async (t) => {
  const { made, submit, clock } = await start(t);
  await submit([5, 60]);
  const [one] = made.journal.schedules.list();
  const { id, fromNode, method, schedule, runs, nextAt } = one!;
  assert.deepEqual([id, fromNode, method, schedule, runs], ['id-1', 'central', 'REQCliCommand', [5, 60], 1]);
  assert.equal(nextAt, clock.wallNow() + 5000);
});

test('what can have no schedule is rejected', async (t) => {
  const { made } = await start(t);
  const cases = [
    [made.effect, '[5,60]', /REQToFileAppend is no method that is run/],
    [made.run, '[5', /Steward-Schedule "\[5" is no schedule that this node can read/],
    [made.run, '"61 * * * *"', /no schedule that this node can read/],
  ] as const;
  for (const [index, [method, schedule, reason]] of cases.entries()) {
    const headers = { [HEADER.schedule]: schedule };
    made.journal.receive(made.arrival(method, { epoch: `e${index}`, seq: 1 }, { headers }), method);
    await made.settled();
    assert.equal(made.answers.at(-1)?.status, 'rejected');
    assert.match(made.answers.at(-1)?.headers[HEADER.reason] ?? '', reason);
  }
});

async function waitForReports(made: TestJournal, clock: ManualClock, count: number): Promise<void> {
  while (made.reports.length < count) {
    await made.settled();
    await clock.advance(GATHER_MS);
  }
}
