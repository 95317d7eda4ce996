import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempStore } from '../../../test/support/temp-store.ts';
import type { ReportEntry } from '../../message/report.ts';
import { MIGRATIONS } from '../../store/schema.ts';
import { statement } from '../../store/store.ts';
import { endForwarded, insertAccepted, markForwarded } from '../journal-table.ts';
import { RelayedRequests, wasRelayed } from './relayed-requests.ts';

const REQUEST = {
  ...{
    seq: 1,
    fromNode: 'ship1',
    subject: 'ship2.central.REQRelay.EventACK',
    expiresAt: null,
    acceptedAt: 5,
  },
  ...{ format: 0, body: Buffer.from('x'), schedule: null },
};

/** A request of a lane and one of a reference node, both gone on as other messages, f1 and f2; here without the trigger of 0.1. */
async function setUp(t: TestContext) {
  const store = await tempStore(t);
  await store.write([statement('DROP TRIGGER forward_ended')]);
  const reports: ReportEntry[] = [];
  const reporter = { add: (_: string, end: ReportEntry) => void reports.push(end) };
  const forwards = new RelayedRequests({ store, reporter });
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
    await store.write([statement(sql, state, reason, id), ...forwards.alongside([{ id }])]);
    forwards.written([{ id }]);
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
  const { store, forwards, reports } = await setUp(t);
  forwards.use();
  forwards.written([{ id: 'f1', startedAt: 8 }, { id: 'other' }, { id: 'f2', startedAt: 8 }]);
  assert.deepEqual(reports, [{ id: 'r1', state: 'running', acceptedAt: 5, startedAt: 8 }]);
  assert.equal(wasRelayed(store, 'key'), true);
  assert.equal(wasRelayed(store, 'none'), false);
});

test('a node that has relayed before looks after its requests from its start', async (t) => {
  const { store, end } = await setUp(t);
  assert.deepEqual(await end('f1', 'failed'), [], 'it was empty when it was opened');
  const reports: ReportEntry[] = [];
  const again = new RelayedRequests({ store, reporter: { add: (_, one) => void reports.push(one) } });
  await store.write(again.alongside([{ id: 'f1' }]));
  again.written([{ id: 'f1' }]);
  assert.equal(reports.length, 1);
});

test('an end is written down as the trigger does that an earlier version needs, with and without output', async (t) => {
  const { store } = await setUp(t);
  const rows = () => store.all<object>('SELECT * FROM journal ORDER BY row').map((row) => ({ ...row }));
  const piece = 'INSERT INTO outputs (id, stream, offset, data) VALUES (?, 1, ?, ?)';
  await store.write([
    statement(piece, 'f1', 0, Buffer.from('ab')),
    statement(piece, 'f1', 2, Buffer.from('cd')),
  ]);
  const end = `UPDATE ledger SET state = 'undelivered', reason = 'away', ended_at = 9, exit_code = 3, signal = 'SIGHUP',
    stderr_tail = x'41', stderr_bytes = 1, output_bytes = 4, started_at = 8`;
  const ends = endForwarded([{ id: 'f1' }, { id: 'f2' }]);
  const before = rows();
  await store.write([statement(end), ends]);
  const ended = rows();
  assert.notDeepEqual(ended, before);
  assert.deepEqual(Buffer.from((ended[0] as { stdout: Uint8Array }).stdout).toString(), 'cd');

  const trigger = MIGRATIONS[5]!.slice(MIGRATIONS[5]!.indexOf('CREATE TRIGGER forward_ended'));
  await store.write([
    statement("UPDATE journal SET state = 'forwarded', ended_at = NULL, stdout = NULL, reason = NULL"),
    statement(trigger),
    statement(end),
  ]);
  assert.deepEqual(rows(), ended, 'the trigger');
  await store.write([ends]);
  assert.deepEqual(rows(), ended, 'nothing is written twice');
  await store.write([endForwarded([{ id: 'f1', stdout: Buffer.from('bcd'), stdoutFrom: 1 }])]);
  const [told] = store.all<{ stdout: Uint8Array; stdout_sent: number }>(
    'SELECT * FROM journal WHERE row = 1',
  );
  assert.deepEqual([Buffer.from(told!.stdout).toString(), told!.stdout_sent], ['bcd', 1]);
});
