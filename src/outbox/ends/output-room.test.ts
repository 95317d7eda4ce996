import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TestOutbox } from '../../../test/support/test-outbox.ts';
import { formatOf } from '../../message/codec/body-format.ts';
import { decodeMessage } from '../../message/codec/decode-message.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { newMessage } from '../../message/message.ts';
import { decodeReport, encodeReport, type ReportEntry } from '../../message/report.ts';

const KB = 1024;
const DAY_MS = 86_400_000;
const REPORTS = 'central.REQReport.EventACK';

test('ends never expire, and neither does output while there is room', async (t) => {
  const { made, report } = await start(t, 1000 * KB);
  await heardOf(made, 'central');
  await report({ id: 'r1', state: 'succeeded', stdout: Buffer.alloc(50 * KB, 'x') });
  await made.enqueue(1, { subject: 'central.REQToFileAppend.EventACK', isOutput: true });
  await made.enqueue(1, { subject: 'central.REQToFileAppend.EventACK' });
  await made.advance(9 * DAY_MS, DAY_MS);
  assert.deepEqual(made.states(), { sent: 2, expired: 1 });
  assert.deepEqual(made.reported, []);
});

test('where there is no room the oldest output goes first, its end says so, and is told to errorCentral', async (t) => {
  const { made, report, ends, looked } = await start(t, 1000 * KB);
  await made.enqueue(1, {
    subject: REPORTS,
    isOutput: true,
    body: bodyOf([{ id: 'r0', state: 'succeeded' }]),
  });
  for (let n = 1; n <= 12; n++) {
    await report({
      id: `r${n}`,
      state: 'failed',
      exitCode: n,
      reason: 'exit status',
      stdout: Buffer.alloc(100 * KB, 'x'),
    });
    await looked();
  }
  const left = ends();
  assert.deepEqual(
    left.map(({ id }) => id),
    Array.from({ length: 13 }, (_, n) => `r${n}`),
  );
  const lost = left.filter(({ reason }) => reason?.includes('output lost: no room')).map(({ id }) => id);
  // r0 is on its way, and r1 is the next to go.
  assert.deepEqual(lost.slice(0, 3), ['r2', 'r3', 'r4']);
  assert.ok(lost.length < 8, `${lost.length} lost theirs`);
  assert.equal(left[2]!.reason, 'exit status; output lost: no room');
  assert.deepEqual([left[2]!.exitCode, left[2]!.stdout], [2, undefined]);
  assert.equal(left[12]!.stdout?.length, 100 * KB);
  assert.match(
    made.reported[0]!,
    /^error: output lost: no room: .* outboxMB, 1 MB; \d+ of the oldest messages/,
  );
  const { bytes } = made.store.get<{ bytes: number }>('SELECT sum(length(body)) AS bytes FROM outbox')!;
  assert.ok(bytes <= 1200 * KB, `${bytes} bytes wait`);
});

test('a reply that finds no room ends here, and requests are never touched', async (t) => {
  const { made, looked } = await start(t, 100 * KB);
  const body = Buffer.alloc(40 * KB, 'x');
  await made.enqueue(3, { body });
  for (let n = 0; n < 6; n++) {
    await made.enqueue(1, { subject: 'central.REQToFile.EventACK', isOutput: true, body });
    await looked();
  }
  await made.advance(1000);
  const lost = made.ended.filter(({ reason }) => reason === 'output lost: no room');
  assert.ok(lost.length >= 2, `${lost.length} replies were given up`);
  assert.deepEqual(
    [...new Set(lost.map(({ subject, state }) => `${subject} ${state}`))],
    ['central.REQToFile.EventACK expired'],
  );
  assert.equal(
    made.store.get<{ n: number }>(
      "SELECT count(*) AS n FROM outbox o JOIN lanes n ON n.id = o.key / 4294967296 WHERE n.subject LIKE 'ship1.%'",
    )!.n,
    3,
  );
});

test('what was made for a name that nobody ever heard of is kept for an hour', async (t) => {
  const { made } = await start(t, 1000 * KB);
  await heardOf(made, 'known');
  for (const name of ['known', 'made-up']) {
    await made.enqueue(2, { subject: `${name}.REQReport.EventACK`, isOutput: true });
    await made.enqueue(1, { subject: `${name}.REQToFileAppend.EventACK`, isOutput: true });
  }
  await made.advance(59 * 60_000, 60_000);
  assert.equal(made.onDisk(), 6);
  await made.advance(3 * 60_000, 60_000);
  assert.equal(made.onDisk(), 3);
  assert.deepEqual(
    [...new Set(made.ended.map(({ subject, reason }) => `${subject.split('.')[0]}: ${reason}`))],
    ['made-up: no node of this name ever answered or said hello: replies to it are kept for 1 h'],
  );
});

function heardOf(made: TestOutbox, name: string): Promise<void> {
  return made.store.write([{ sql: 'INSERT INTO nodes (name, last_seen) VALUES (?, 1)', rows: [[name]] }]);
}

async function start(t: TestContext, maxOutputBytes: number) {
  const made = await TestOutbox.start(t, { maxOutputBytes });
  const report = (...ends: ReportEntry[]) =>
    made.enqueue(1, { subject: REPORTS, isOutput: true, body: bodyOf(ends) });
  /** The ends that wait, as their target would read them. */
  const ends = () => {
    const sql =
      'SELECT format, body FROM outbox o JOIN lanes n ON n.id = o.key / 4294967296 WHERE n.subject = ? ORDER BY key';
    const rows = made.store.all<{ format: number; body: Uint8Array }>(sql, REPORTS);
    return rows.flatMap(({ format, body }) => {
      const message = decodeMessage(body, { ...formatOf(format), maxBytes: 1e9 });
      return decodeReport(message.data![0]!).ends;
    });
  };
  /** Resolves when it was looked whether there is room: another thread answers its questions, in their order. */
  const looked = async () => {
    for (let round = 0; round < 8; round++) {
      await made.store.query('SELECT 1');
      await made.settled();
    }
  };
  return { made, report, ends, looked };
}

function bodyOf(ends: readonly ReportEntry[]): Uint8Array {
  const message = newMessage({ toNode: 'central', method: 'REQReport', data: [encodeReport(ends)] });
  return encodeMessage(message, { serialization: '', compression: '' }).payload;
}
