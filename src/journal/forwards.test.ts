import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import type { ReportEntry } from '../message/report.ts';
import { statement } from '../store/statement.ts';
import { Forwards } from './forwards.ts';
import { insertAccepted, markForwarded } from './rows.ts';

const REQUEST = {
  ...{ seq: 1, fromNode: 'ship1', subject: 'ship2.central.REQRelay.EventACK', notAfter: null, acceptedAt: 5 },
  ...{ format: 0, body: Buffer.from('x'), schedule: null },
};

/** A request of a lane and one of a reference node, both gone on as other messages, f1 and f2. */
async function setUp(t: TestContext) {
  const store = await tempStore(t);
  const reports: ReportEntry[] = [];
  const reporter = { add: (_: string, end: ReportEntry) => void reports.push(end) };
  const forwards = new Forwards({ store, reporter });
  await store.write([
    insertAccepted([
      { ...REQUEST, row: 1, lane: 7, id: 'r1' },
      { ...REQUEST, row: 2, lane: null, id: '' },
    ]),
    markForwarded(1, 'f1', 'key'),
    markForwarded(2, 'f2', undefined),
    statement("INSERT INTO lanes VALUES (1, 'ship2.REQCliCommand.CommandACK', 'e', 3, NULL)"),
    ...['f1', 'f2'].map((id, index) =>
      statement(
        "INSERT INTO ledger (key, id, state, queued_at) VALUES (?, ?, 'queued', 6)",
        2 ** 32 + index,
        id,
      ),
    ),
  ]);
  const end = async (id: string, state: string, reason: string | null = null) => {
    const sql = 'UPDATE ledger SET state = ?, reason = ?, ended_at = 9, exit_code = 3 WHERE id = ?';
    await store.write([statement(sql, state, reason, id)]);
    forwards.moved([{ id }]);
    return reports.splice(0);
  };
  const journal = () =>
    store.all<{ state: string; reported: number }>('SELECT state, reported FROM journal ORDER BY row');
  return { store, forwards, reports, end, journal };
}

test('a request ends as the message that it went on as, in one transaction, and is reported', async (t) => {
  const { end, forwards, journal } = await setUp(t);
  forwards.use();
  assert.deepEqual(await end('f1', 'failed', 'exit status 3'), [
    { id: 'r1', state: 'failed', reason: 'exit status 3', exitCode: 3, acceptedAt: 5, endedAt: 9 },
  ]);
  assert.deepEqual(await end('f2', 'succeeded'), [], 'a reference node is sent no report');
  assert.deepEqual(
    journal().map(({ state, reported }) => [state, reported]),
    [
      ['failed', 0],
      ['succeeded', 1],
    ],
  );
});

test('an end that is corrected is reported again, and where it got no further is said', async (t) => {
  const { end, forwards } = await setUp(t);
  forwards.use();
  const [undelivered] = await end('f1', 'undelivered', 'max retries');
  assert.equal(undelivered?.reason, 'ship2.REQCliCommand.CommandACK: max retries');
  assert.equal((await end('f1', 'succeeded'))[0]?.state, 'succeeded');
  assert.equal((await end('f1', 'accepted', 'no reports'))[0]?.state, 'handed-over');
});

test('a start is reported, and what is no request that went on is left alone', async (t) => {
  const { forwards, reports } = await setUp(t);
  forwards.use();
  forwards.moved([{ id: 'f1', startedAt: 8 }, { id: 'other' }, { id: 'f2', startedAt: 8 }]);
  assert.deepEqual(reports, [{ id: 'r1', state: 'running', acceptedAt: 5, startedAt: 8 }]);
  assert.equal(forwards.hasKey('key'), true);
  assert.equal(forwards.hasKey('none'), false);
});

test('a node that has relayed before looks after its requests from its start', async (t) => {
  const { store, end } = await setUp(t);
  assert.deepEqual(await end('f1', 'failed'), [], 'it was empty when it was opened');
  const reports: ReportEntry[] = [];
  const again = new Forwards({ store, reporter: { add: (_, one) => void reports.push(one) } });
  again.moved([{ id: 'f1' }]);
  assert.equal(reports.length, 1);
});
