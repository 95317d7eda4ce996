import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { ByteBudget } from '../../lib/byte-budget.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import type { Store } from '../../store/store.ts';
import { RunOutput, SHORT_TAIL_BYTES } from './run-output.ts';

const KB = 1024;

interface Given {
  readonly run?: (call: RunCall) => Promise<RunResult>;
  /** The header of the request. */
  readonly output?: string;
  readonly isReply?: boolean;
  readonly store?: Store;
  readonly waitingReports?: () => number;
  readonly unsentReports?: () => number;
  readonly livePieceBytes?: number;
  readonly leavesOutTold?: boolean;
}

/** Has a request run, and returns what was sent of its output: pieces, and what came with the end. */
async function tell(t: TestContext, { output, isReply = false, ...given }: Given) {
  const made = await TestJournal.open(t, given);
  const headers: Record<string, string> = output === undefined ? {} : { [HEADER.output]: output };
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { headers, fields: { isReply } }), made.run);
  const isTold = () => made.reports.some(({ end }) => end.state !== 'running');
  await waitFor('the end to be reported', isTold);
  const pieces = made.reports.flatMap(({ end }) => end.output ?? []);
  const { end } = made.reports.at(-1)!;
  assert.deepEqual(
    made.reports.slice(0, -1).filter((report) => report.end.state !== 'running'),
    [],
  );
  return { pieces, end, store: made.store };
}

/** Bytes of which each four are another number. */
function bytesOf(count: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: Math.ceil(count / 4) }, (_, index) => index).buffer).subarray(
    0,
    count,
  );
}

test('where many reply while they run, what comes with the end of further ones is short, until others have ended', async () => {
  const tails = new ByteBudget(64 * KB);
  const [row, message] = [{ lane: 1, fromNode: 'central', output: null }, { replyMethod: 'REQToFile' }];
  const begin = async () => {
    const output = new RunOutput({ row, message, method: {} } as never, { tails } as never);
    await output.replied(bytesOf(10 * KB));
    return output;
  };
  const [first, second] = [await begin(), await begin()];
  const short = {
    stdout: bytesOf(10 * KB).subarray(-SHORT_TAIL_BYTES),
    stdoutFrom: 10 * KB - SHORT_TAIL_BYTES,
  };
  assert.deepEqual(await second.end(undefined), short);
  assert.deepEqual(await first.end(undefined), { stdout: bytesOf(10 * KB) });
  assert.deepEqual(await (await begin()).end(undefined), { stdout: bytesOf(10 * KB) });
});

test('the last 64 KB of what was replied come with the end, and how much came before', async (t) => {
  const all = bytesOf(200 * KB);
  const { end, pieces } = await tell(t, {
    run: async ({ reply }) => {
      for (let at = 0; at < 150 * KB; at += 30 * KB) await reply(all.subarray(at, at + 30 * KB));
      return { state: 'succeeded', reply: all.subarray(150 * KB) };
    },
  });
  assert.deepEqual([pieces.length, end.stdoutFrom], [0, 136 * KB]);
  assert.ok(Buffer.from(end.stdout!).equals(all.subarray(136 * KB)));
});

test('of a reply that lies in a file the end is sent too', async (t) => {
  const { path } = await tempFolder(t);
  const all = bytesOf(1000 * KB);
  const file = { path: join(path, 'reply'), bytes: all.length };
  await writeFile(file.path, all);
  const { end } = await tell(t, { run: async () => ({ state: 'succeeded', reply: file }) });
  assert.equal(end.stdoutFrom, 936 * KB);
  assert.ok(Buffer.from(end.stdout!).equals(all.subarray(936 * KB)));
});

test('nothing is told where nothing is wanted, nor of a reply that is a command, nor of an empty output', async (t) => {
  const run = async () => ({ state: 'succeeded' as const, reply: Buffer.from('text') });
  assert.equal((await tell(t, { run, output: 'none' })).end.stdout, undefined);
  assert.equal((await tell(t, { run, isReply: true })).end.stdout, undefined);
  assert.equal((await tell(t, { run, output: 'of a newer node' })).end.stdout?.length, 4);
  const empty = async () => ({ state: 'succeeded' as const, reply: new Uint8Array(0) });
  assert.equal((await tell(t, { run: empty })).end.stdout, undefined);
});

test('replies of a run that is followed live are sent as they come, and what is left with the end', async (t) => {
  const { pieces, end } = await tell(t, {
    output: 'live',
    run: async ({ reply }) => {
      await reply(Buffer.from('one '));
      await reply(Buffer.from('two '));
      return { state: 'succeeded', reply: Buffer.from('three') };
    },
  });
  assert.deepEqual(
    pieces.map(({ stream, offset, data }) => [stream, offset, Buffer.from(data).toString()]),
    [
      ['stdout', 0, 'one '],
      ['stdout', 4, 'two '],
    ],
  );
  assert.deepEqual([Buffer.from(end.stdout!).toString(), end.stdoutFrom], ['three', 8]);
});

test('of a method that hands its output over, what it left to the reply is told in pieces before the end', async (t) => {
  const all = bytesOf(600 * KB);
  const { pieces, end, store } = await tell(t, {
    output: 'live',
    run: async ({ live }) => {
      await live!.send([
        { stream: 'stdout', offset: 0, data: all.subarray(0, 10 * KB) },
        { stream: 'stderr', offset: 0, data: Buffer.from('error') },
      ]);
      return { state: 'succeeded', reply: all, stderrTail: Buffer.from('error') };
    },
  });
  const stdout = pieces.filter(({ stream }) => stream === 'stdout');
  let next = 0;
  for (const { offset, data } of stdout) {
    assert.equal(offset, next);
    next += data.length;
  }
  assert.deepEqual([next, end.stdoutFrom], [536 * KB, 536 * KB]);
  assert.ok(Buffer.concat([...stdout.map(({ data }) => data), end.stdout!]).equals(all));
  const row = store.get<object>('SELECT stdout, stdout_sent, stderr_sent FROM journal');
  assert.deepEqual({ ...row }, { stdout: null, stdout_sent: 536 * KB, stderr_sent: 5 });
});

test('there is no room for more while 32 reports wait', async (t) => {
  const waiting = [31, 32];
  const rooms: boolean[] = [];
  await tell(t, {
    output: 'live',
    waitingReports: () => waiting.shift()!,
    run: async ({ live }) => {
      rooms.push(live!.hasRoom(1), live!.hasRoom(1));
      return { state: 'succeeded' };
    },
  });
  assert.deepEqual(rooms, [true, false]);
});

test('over a thin link there is room for more while none waits to be sent, and where two are on their way for whole pieces', async (t) => {
  const [waiting, unsent] = [
    [1, 1, 2, 2],
    [0, 1, 0, 0],
  ];
  const rooms: boolean[] = [];
  await tell(t, {
    ...{ output: 'live', leavesOutTold: true, livePieceBytes: 4 * KB },
    waitingReports: () => waiting.shift()!,
    unsentReports: () => unsent.shift() ?? 0,
    run: async ({ live }) => {
      for (const bytes of [1, 4 * KB, 4 * KB - 1, 4 * KB]) rooms.push(live!.hasRoom(bytes));
      return { state: 'succeeded' };
    },
  });
  assert.deepEqual(rooms, [true, false, false, true]);
});

test('an end that a crash kept from being reported is reported with its output', async (t) => {
  const store = await tempStore(t);
  await tell(t, { store, run: async () => ({ state: 'succeeded', reply: bytesOf(70 * KB) }) });
  await store.write([{ sql: "UPDATE journal SET reported = 0, stdout = CAST('rest' AS BLOB)", rows: [[]] }]);
  const again = await TestJournal.open(t, { store });
  await waitFor('the report', () => again.reports.length === 1);
  const { end } = again.reports[0]!;
  assert.deepEqual([Buffer.from(end.stdout!).toString(), end.stdoutFrom], ['rest', 6 * KB]);
});

test('what an interrupted run had printed is told from where that stopped', async (t) => {
  const store = await tempStore(t);
  const begun = Promise.withResolvers<void>();
  const first = await TestJournal.open(t, {
    store,
    run: async ({ live, signal }) => {
      await live!.send([{ stream: 'stdout', offset: 0, data: Buffer.from('first ') }]);
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { state: 'interrupted' };
    },
  });
  first.journal.receive(
    first.arrival(first.run, { seq: 1 }, { headers: { [HEADER.output]: 'live' } }),
    first.run,
  );
  await begun.promise;
  const { path } = await tempFolder(t);
  const fileOf = async (name: string, text: string) => {
    await writeFile(join(path, name), text);
    return { path: join(path, name), bytes: text.length };
  };
  const files = { stdout: await fileOf('out', 'first second'), stderr: await fileOf('err', 'error') };
  const second = await TestJournal.open(t, { store, leftOutput: () => files });
  await waitFor('the end', () => second.reports.at(-1)?.end.state === 'interrupted');
  assert.deepEqual(
    second.reports
      .flatMap(({ end }) => end.output ?? [])
      .map(({ stream, offset, data }) => [stream, offset, String(data)]),
    [
      ['stdout', 6, 'second'],
      ['stderr', 0, 'error'],
    ],
  );
  assert.match(second.reports.at(-1)!.end.reason!, /what it printed last may be missing/);
});

test('where the reply leaves out what was told, all is told before the end', async (t) => {
  const all = bytesOf(100 * KB);
  const { pieces, end } = await tell(t, {
    output: 'live',
    leavesOutTold: true,
    run: async () => ({ state: 'succeeded', reply: all }),
  });
  assert.ok(Buffer.concat(pieces.map(({ data }) => data)).equals(all));
  assert.deepEqual([end.stdout, end.state], [undefined, 'succeeded']);
});

test('over a thin link an output is told from its files where room is, behind an end that is on disk, over a stop as well', async (t) => {
  const store = await tempStore(t);
  const { path } = await tempFolder(t);
  const all = bytesOf(10 * KB);
  await writeFile(join(path, 'out'), all);
  const room = { left: 0 };
  const options = {
    ...{ store, leavesOutTold: true, livePieceBytes: 4 * KB, leftOutput: leftIn(path) },
    unsentReports: () => (room.left-- > 0 ? 0 : 1),
  };
  const first = await TestJournal.open(t, {
    ...options,
    run: async ({ live }) => {
      assert.ok(!live!.leaves!(4 * KB) && live!.leaves!(10 * KB));
      return { state: 'succeeded', reply: { ...fileIn(path, 'out'), isKept: true } };
    },
  });
  first.journal.receive(
    first.arrival(first.run, { seq: 1 }, { headers: { [HEADER.output]: 'live' } }),
    first.run,
  );
  const isEnded = (reported: number) => () => {
    const [row] = first.rows();
    return row?.state === 'succeeded' && row.reported === reported;
  };
  await waitFor('the end to be written', isEnded(0));
  assert.equal(first.replies[0]!.data.length, String(all).length, 'the reply is queued with it');
  room.left = 1;
  await waitFor('a piece', () => first.reports.length === 1);
  await first[Symbol.asyncDispose]();
  room.left = 2;
  const second = await TestJournal.open(t, options);
  await waitFor('the end to be reported', isEnded(1));
  const reports = [...first.reports, ...second.reports].map(({ end }) => end);
  const pieces = reports.flatMap(({ output = [] }) => output);
  assert.ok(Buffer.concat(pieces.map(({ data }) => data)).equals(all));
  assert.deepEqual(
    pieces.map(({ offset }) => offset),
    [0, 4 * KB, 8 * KB],
  );
  assert.deepEqual([reports.at(-1)!.state, reports.length], ['succeeded', 4]);
  await assert.rejects(stat(join(path, 'out')), 'its file is removed');
});

/** What lies in a folder as output. */
function leftIn(folder: string) {
  return () => ({ stdout: fileIn(folder, 'out'), stderr: fileIn(folder, 'err') });
}

function fileIn(folder: string, name: string) {
  const path = join(folder, name);
  return { path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 };
}
