import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { systemClock } from '../../lib/clock.ts';
import type { CopyBegin } from './copy-args.ts';
import { IncomingCopies } from './incoming-copies.ts';
import type { PieceAnswer } from './piece-place.ts';

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
  await assert.rejects(copies.end({ transfer: 't1', sha256: 'ab'.repeat(32) }), /another sha256/);
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
