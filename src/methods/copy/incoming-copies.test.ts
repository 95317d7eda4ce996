import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { systemClock } from '../../lib/clock.ts';
import { SUM_BYTES, stretchSum, sumsOf } from './block-sums.ts';
import type { CopyBegin } from './copy-args.ts';
import { IncomingCopies } from './incoming-copies.ts';
import { type ArrivedPiece, MOST_PIECE_BYTES, type PieceAnswer } from './piece-place.ts';

const CONTENT = Buffer.from('0123456789'.repeat(1000));
const SUM = createHash('sha256').update(CONTENT).digest('hex');

async function setUp(t: TestContext) {
  const { path } = await tempFolder(t);
  const clock = { ...systemClock, stepMs: 0, wallNow: () => Date.now() + clock.stepMs };
  const open = () => {
    const copies = new IncomingCopies({ folder: join(path, 'copies'), clock });
    t.after(() => copies[Symbol.asyncDispose]());
    return copies;
  };
  const target = join(path, 'in/target');
  const order: CopyBegin = {
    ...{ step: 'begin', transfer: 't1', target },
    ...{ total: CONTENT.length, mode: 0o640, identity: 'one' },
  };
  return { open, clock, target, order, folder: join(path, 'in'), records: join(path, 'copies') };
}

/** Hands in a piece and returns its answer. */
function put(copies: IncomingCopies, offset: number, end: number, transfer = 't1'): Promise<PieceAnswer> {
  return new Promise((answer) => {
    copies.takePiece({ place: `${transfer}/${offset}/0`, bytes: CONTENT.subarray(offset, end), answer });
  });
}

test('pieces in order make a file, which takes its place when its sum is right', async (t) => {
  const { open, order, target, folder } = await setUp(t);
  const copies = open();
  assert.equal((await put(copies, 0, 10)).status, 'unknown');
  await copies.begin(order);
  assert.deepEqual((await put(copies, 0, 4000)).place.offset, 4000);
  const gap = await put(copies, 5000, 6000);
  assert.deepEqual([gap.status, gap.place.offset], ['gap', 4000]);
  assert.equal((await put(copies, 1000, 2000)).place.offset, 4000, 'what came before changes nothing');
  assert.equal((await put(copies, 4000, CONTENT.length)).place.offset, CONTENT.length);
  await assert.rejects(stat(target), { code: 'ENOENT' });
  await copies.end({ transfer: 't1', sha256: SUM });
  assert.deepEqual(await readFile(target), CONTENT);
  assert.equal((await stat(target)).mode & 0o777, 0o640);
  assert.deepEqual(await readdir(folder), ['target']);
});

test('zeros leave a hole, however large the pieces are that they come in', async (t) => {
  const { open, order, target } = await setUp(t);
  const copies = open();
  const [hole, end] = [Buffer.alloc(MOST_PIECE_BYTES), Buffer.from('end')];
  const content = Buffer.concat([hole, hole, hole, hole, end]);
  await copies.begin({ ...order, total: content.length });
  // Of what is written together the last piece is answered.
  const last = await new Promise<PieceAnswer>((answer) => {
    for (const [at, bytes] of [hole, hole, hole, hole, end].entries())
      copies.takePiece({
        place: `t1/${at * hole.length}/0`,
        bytes,
        answer: bytes === end ? answer : () => {},
      });
  });
  assert.equal(last.place.offset, content.length);
  await copies.end({ transfer: 't1', sha256: createHash('sha256').update(content).digest('hex') });
  assert.deepEqual(await readFile(target), content);
  assert.ok((await stat(target)).blocks * 512 <= hole.length, 'blocks of it are left out');
});

test('a copy under way outlives a clock that is set forward by more than copies are kept', async (t) => {
  const { open, clock, order } = await setUp(t);
  const copies = open();
  await copies.begin(order);
  await put(copies, 0, 4000);
  clock.stepMs = 8 * 86_400_000;
  await copies.begin({ ...order, transfer: 't2', target: `${order.target}2` });
  await copies.begin(order);
  assert.deepEqual((await put(copies, 4000, 5000)).place.offset, 5000);
  await put(copies, 5000, CONTENT.length);
  await copies.end({ transfer: 't1', sha256: SUM });
});

test('begin and end may come again, also to a later life of the node, and after the end', async (t) => {
  const { open, order, target } = await setUp(t);
  const first = open();
  await first.begin(order);
  await put(first, 0, 4000);
  await first.begin(order);
  await first[Symbol.asyncDispose]();
  const second = open();
  assert.equal((await put(second, 4000, 4000)).status, 'unknown');
  await second.begin(order);
  assert.equal((await put(second, 0, 0)).place.offset, 4000, 'it goes on where it was');
  await put(second, 4000, CONTENT.length);
  await second.end({ transfer: 't1', sha256: SUM });
  await second.end({ transfer: 't1', sha256: SUM });
  const third = open();
  await third.begin(order);
  assert.equal((await put(third, 0, 0)).place.offset, CONTENT.length, 'all of it is there');
  await third.end({ transfer: 't1', sha256: SUM });
  assert.deepEqual(await readFile(target), CONTENT);
});

test('an end that comes to a later life of the node verifies what lies on disk', async (t) => {
  const { open, order, target } = await setUp(t);
  const first = open();
  await first.begin(order);
  await put(first, 0, CONTENT.length);
  await first[Symbol.asyncDispose]();
  await open().end({ transfer: 't1', sha256: SUM });
  assert.deepEqual(await readFile(target), CONTENT);
});

test('another sum, a missing rest, a changed source and an unknown end are refused, and nothing is kept', async (t) => {
  const { open, order, folder, records } = await setUp(t);
  const copies = open();
  await assert.rejects(copies.end({ transfer: 't1', sha256: SUM }), /nothing is known here of this copy/);
  await copies.begin(order);
  await put(copies, 0, CONTENT.length);
  const other = { transfer: 't1', sha256: 'ab'.repeat(32) };
  await assert.rejects(copies.end(other), /another sha256/);
  await assert.rejects(
    copies.end(other),
    /another sha256/,
    'as the first answer may not have been written down',
  );
  await assert.rejects(open().end(other), /another sha256/, 'a later life of the node knows it too');
  await copies.begin(order);
  await put(copies, 0, 10);
  await assert.rejects(copies.end({ transfer: 't1', sha256: SUM }), /10 of 10000 bytes are there/);
  await copies.begin(order);
  await assert.rejects(copies.begin({ ...order, identity: 'two' }), /the source file has changed/);
  await copies.begin(order);
  assert.match((await put(copies, 0, 10)).status, /accepted/);
  await copies.abort('t1');
  assert.deepEqual([await readdir(folder), await readdir(records)], [[], []]);
});

test('more bytes than were announced are refused', async (t) => {
  const { open, order } = await setUp(t);
  const copies = open();
  await copies.begin({ ...order, total: 100 });
  assert.equal((await put(copies, 0, 101)).status, 'rejected');
});

test('what nobody came back for is removed after a while', async (t) => {
  const { open, order, folder, records } = await setUp(t);
  const first = open();
  await first.begin(order);
  await put(first, 0, 10);
  await first[Symbol.asyncDispose]();
  for (const path of [join(folder, '.steward-t1.copy'), join(records, 't1.json')]) await utimes(path, 1, 1);
  await open().begin({ ...order, transfer: 't2', target: `${order.target}2` });
  await waitFor('it to be removed', async () => (await readdir(folder)).join() === '.steward-t2.copy');
  assert.deepEqual(await readdir(records), ['t2.json']);
});

test('a damaged record is no record', async (t) => {
  const { open, order, records, target } = await setUp(t);
  const first = open();
  await first.begin(order);
  await put(first, 0, 10);
  await first[Symbol.asyncDispose]();
  await writeFile(join(records, 't1.json'), '{');
  const second = open();
  await second.begin(order);
  await put(second, 10, CONTENT.length);
  await second.end({ transfer: 't1', sha256: SUM });
  assert.deepEqual(await readFile(target), CONTENT);
});

test('a copy takes over stretches of what is at its place, once they are verified, and packed pieces', async (t) => {
  const { open, order, target, folder } = await setUp(t);
  const old = randomBytes(40_000);
  const content = Buffer.concat([old.subarray(10_000, 30_000), CONTENT]);
  await mkdir(folder, { recursive: true });
  await writeFile(target, old);
  const copies = open();
  await copies.begin({ ...order, total: content.length });
  const give = (offset: number, piece: Partial<ArrivedPiece>) =>
    new Promise<PieceAnswer>((answer) =>
      copies.takePiece({ place: `t1/${offset}/0`, bytes: new Uint8Array(0), answer, ...piece }),
    );
  const { sums } = await give(0, { sums: { from: 1, count: 100, more: '400' } });
  assert.deepEqual(sums?.span, { from: 1, count: 38, more: (40_000).toString(16) });
  assert.deepEqual(Buffer.from(sums!.bytes), Buffer.from(sumsOf(old, 1024).subarray(SUM_BYTES)));
  const more = stretchSum(old.subarray(10_000, 30_000));
  for (const wrong of [
    { from: 10_001, count: 20_000, more },
    { from: 39_000, count: 20_000, more },
    { from: 0, count: 0, more },
    { from: 0, count: 30_000_000_000, more },
  ]) {
    const said = await give(0, { have: wrong });
    assert.ok(said.status === 'lacks' || said.status === 'rejected', said.status);
    await copies.begin({ ...order, total: content.length });
  }
  assert.equal((await give(0, { have: { from: 10_000, count: 20_000, more } })).place.offset, 20_000);
  const packed = { bytes: zstdCompressSync(CONTENT), cmp: 'z' };
  assert.equal((await give(20_000, packed)).place.offset, content.length);
  await copies.end({ transfer: 't1', sha256: createHash('sha256').update(content).digest('hex') });
  assert.ok(content.equals(await readFile(target)));
  assert.deepEqual(await readdir(folder), ['target']);
});

test('what an earlier attempt left is taken over too; what unpacks to more than a piece is refused', async (t) => {
  const { open, order } = await setUp(t);
  const first = open();
  await first.begin(order);
  await put(first, 0, 8000);
  await first[Symbol.asyncDispose]();
  const copies = open();
  await copies.begin({ ...order, transfer: 't2' });
  const give = (piece: Partial<ArrivedPiece>) =>
    new Promise<PieceAnswer>((answer) =>
      copies.takePiece({ place: 't2/0/0', bytes: new Uint8Array(0), answer, ...piece }),
    );
  assert.equal((await give({ sums: { from: 0, count: 9, more: '400' } })).sums?.bytes.length, 7 * SUM_BYTES);
  const more = stretchSum(CONTENT.subarray(0, 8000));
  assert.equal((await give({ have: { from: 0, count: 8000, more } })).place.offset, 8000);
  const bomb = zstdCompressSync(Buffer.alloc(100_000_000));
  assert.equal((await give({ bytes: bomb, cmp: 'z' })).status, 'rejected');
});
