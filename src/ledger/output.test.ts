import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import type { OutputPiece } from '../message/output.ts';
import type { ReportEntry } from '../message/report.ts';
import { statement } from '../store/store.ts';
import { type ArrivedOutput, Ledger } from './ledger.ts';

/** A ledger with a message `a` of batch `b`, sent to ship1. */
async function start(t: TestContext, maxOutputBytes?: number) {
  const store = await tempStore(t);
  const arrived: ArrivedOutput[] = [];
  const ledger = new Ledger({
    ...{ store, now: () => 5000, logger: { warn: () => {} } },
    ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }),
  });
  ledger.listen([{ output: (piece) => void arrived.push(piece) }]);
  await store.write([
    statement("INSERT INTO lanes VALUES (1, 'ship1.REQCliCommand.CommandACK', 'e1', 4, NULL)"),
    ledger.queued([[2 ** 32 + 1, 'a', 'b', 1000, null]]),
  ]);
  const report = (...entries: Omit<ReportEntry, 'id'>[]) =>
    ledger.applyReports(
      'ship1',
      entries.map((entry) => ({ id: 'a', ...entry })),
    );
  const told = () => arrived.map(({ stream, offset, data }) => `${stream} ${offset} ${Buffer.from(data)}`);
  const kept = (stream: 'stdout' | 'stderr', from?: number) => {
    const { data, ...sizes } = ledger.output('a', stream, from);
    return { text: Buffer.from(data).toString(), ...sizes };
  };
  return { store, ledger, report, arrived, told, kept };
}

function pieceOf(stream: 'stdout' | 'stderr', offset: number, text: string): OutputPiece {
  return { stream, offset, data: Buffer.from(text) };
}

test('the output that comes with an end is kept and announced', async (t) => {
  const { report, told, kept, arrived } = await start(t);
  const end = {
    stdout: Buffer.from('tail'),
    stdoutFrom: 6,
    stderrTail: Buffer.from('bad'),
    stderrBytes: 9,
  };
  await report({ state: 'failed', ...end });
  assert.deepEqual(kept('stdout'), { text: 'tail', totalBytes: 10, keptBytes: 4, gaps: [[0, 6]] });
  assert.deepEqual(kept('stderr'), { text: 'bad', totalBytes: 9, keptBytes: 3, gaps: [[0, 6]] });
  assert.deepEqual(told(), ['stdout 6 tail', 'stderr 6 bad']);
  assert.deepEqual([arrived[0]!.id, arrived[0]!.batch, arrived[0]!.node], ['a', 'b', 'ship1']);
});

test('pieces that come while it runs are joined with what comes with the end, each byte once', async (t) => {
  const { report, told, kept } = await start(t);
  const running = (...output: OutputPiece[]) => ({ state: 'running' as const, output });
  await report(running(pieceOf('stdout', 0, 'one ')), running(pieceOf('stdout', 4, 'two ')));
  await report(running(pieceOf('stderr', 0, 'warn')));
  // As after a crash of this node, when all is sent again.
  await report(running(pieceOf('stdout', 0, 'one ')), running(pieceOf('stdout', 4, 'two ')));
  const end = { stdout: Buffer.from('two end'), stdoutFrom: 4, stderrTail: Buffer.from('warning') };
  await report({ state: 'succeeded', ...end });
  await report(running(pieceOf('stdout', 11, 'too late')));
  assert.equal(kept('stdout').text, 'one two end');
  assert.equal(kept('stderr').text, 'warning');
  assert.deepEqual(told(), [
    'stdout 0 one ',
    'stdout 4 two ',
    'stderr 0 warn',
    'stdout 8 end',
    'stderr 4 ing',
  ]);
});

test('the data may be had from any place on', async (t) => {
  const { report, kept } = await start(t);
  await report({ state: 'running', output: [pieceOf('stdout', 0, 'abc'), pieceOf('stdout', 6, 'ghi')] });
  assert.deepEqual(kept('stdout', 2), { text: 'cghi', totalBytes: 9, keptBytes: 6, gaps: [[3, 6]] });
  assert.equal(kept('stdout', 4).text, 'ghi');
  assert.equal(kept('stdout', 9).text, '');
});

test('of a long stream the first and the last half of the limit are kept, whatever the sizes of its pieces', async (t) => {
  const { report, ledger, store } = await start(t, 64 * 1024);
  const whole = Buffer.alloc(1_000_003);
  for (let at = 0; at < whole.length; at++) whole[at] = (at * 31 + (at >> 8)) & 0xff;
  for (let offset = 0, size = 1; offset < whole.length; offset += size, size = (size * 7 + 13) % 90_000)
    await report({
      state: 'running',
      output: [{ stream: 'stdout', offset, data: whole.subarray(offset, offset + size) }],
    });
  const { data, totalBytes, keptBytes, gaps } = ledger.output('a', 'stdout');
  const [[from, to]] = gaps as [[number, number]];
  assert.deepEqual([gaps.length, from, totalBytes], [1, 32 * 1024, whole.length]);
  assert.ok(keptBytes >= 64 * 1024 && keptBytes < 68 * 1024, `${keptBytes} bytes are kept`);
  assert.deepEqual(Buffer.from(data), Buffer.concat([whole.subarray(0, from), whole.subarray(to)]));
  const stored = store.get<{ bytes: number }>('SELECT sum(length(data)) AS bytes FROM outputs')!;
  assert.equal(stored.bytes, keptBytes);
});

test('output goes with the request that printed it', async (t) => {
  const { store, report, ledger } = await start(t);
  await store.write([ledger.queued([[2 ** 32 + 2, 'aa', null, 1000, null]])]);
  await report({ state: 'running', output: [pieceOf('stdout', 0, 'open')] });
  const rows = () => store.all('SELECT id FROM outputs').length;
  await ledger.prune({ keepMs: -1e12, keepCount: 1 });
  assert.equal(rows(), 1, 'what is open stays');
  await report({ state: 'succeeded' });
  await ledger.prune({ keepMs: -1e12, keepCount: 1 });
  assert.deepEqual([rows(), ledger.has('a'), ledger.has('aa')], [0, false, true]);
});

test('output that had to give way on its way is told with the end that comes after it', async (t) => {
  const { store, report } = await start(t);
  await report({ state: 'running', reason: 'output lost: no room' });
  await report({ state: 'running', reason: '38 % of 2.0 GB' });
  await report({ state: 'failed', exitCode: 2, reason: 'exit status 2' });
  const row = store.get<{ state: string; reason: string }>('SELECT state, reason FROM ledger');
  assert.deepEqual({ ...row }, { state: 'failed', reason: 'exit status 2; output lost: no room' });
});

test('a request that has ended says once that its output could not be kept', async (t) => {
  const { store, report } = await start(t);
  const reason = () => store.get<{ reason: string | null }>('SELECT reason FROM ledger')!.reason;
  await report({ state: 'succeeded' }, { state: 'running', reason: 'output lost: no such folder' });
  assert.equal(reason(), 'output lost: no such folder');
  await report(
    { state: 'running', reason: 'output lost: another piece' },
    { state: 'running', reason: 'told' },
  );
  assert.equal(reason(), 'output lost: no such folder');
  assert.equal(store.get<{ state: string }>('SELECT state FROM ledger')!.state, 'succeeded');
});
