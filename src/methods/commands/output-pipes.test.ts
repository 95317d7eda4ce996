import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { disposeAfter } from '../../../test/support/dispose-after.ts';
import { canMount } from '../../../test/support/small-disk.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { OutputPipes } from './output-pipes.ts';

test('a pipe that nobody holds serves again, one that somebody holds does not, and none stays at the end', async (t) => {
  const { pipes, folder } = await setUp(t);
  const first = await pipes.take();
  const made = (await readdir(folder)).length;
  first[Symbol.dispose]();
  const second = await pipes.take();
  const writer = openSync(second.path, constants.O_WRONLY);
  t.after(() => closeSync(writer));
  await second.finish();
  second[Symbol.dispose]();
  assert.equal((await readdir(folder)).length, made - 2, 'neither was known to be free');
  const third = await pipes.take();
  await third.finish();
  third[Symbol.dispose]();
  assert.equal((await pipes.take()).path, third.path);
  await pipes[Symbol.asyncDispose]();
  assert.deepEqual((await readdir(folder)).length, 1);
});

test('a folder where no pipe can be made is named with what the system says, in one line', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { pipes, folder } = await setUp(t);
  await mkdir(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', folder]);
  try {
    await assert.rejects(
      pipes.take(),
      /make a pipe for the output: mkfifo: [^\n]{1,200}: Read-only file system$/,
    );
  } finally {
    execFileSync('umount', ['-l', folder]);
  }
});

test('what is written comes whole, whether it is read at the end or on the way', async (t) => {
  const { pipes } = await setUp(t);
  for (const isLate of [false, true]) {
    using pipe = await pipes.take();
    const writer = openSync(pipe.path, constants.O_WRONLY);
    const taken: Uint8Array[] = [];
    writeSync(writer, 'one ');
    pipe.read(async (piece) => void taken.push(piece));
    if (isLate) await waitFor('what came first', () => taken.length > 0);
    writeSync(writer, 'two');
    closeSync(writer);
    await pipe.finish();
    assert.equal(Buffer.concat(taken).toString(), 'one two');
  }
});

test('pipes that somebody removed are made again', async (t) => {
  const { pipes, folder } = await setUp(t);
  const first = await pipes.take();
  for (const name of await readdir(folder)) await rm(join(folder, name));
  const second = await pipes.take();
  assert.notEqual(second.path, first.path);
  assert.ok((await readdir(folder)).length > 1);
});

test('what the taker throws is thrown at the end', async (t) => {
  const { pipes } = await setUp(t);
  for (const isLate of [false, true]) {
    using pipe = await pipes.take();
    const writer = openSync(pipe.path, constants.O_WRONLY);
    const faults = { count: 0 };
    pipe.read(async () => {
      faults.count++;
      throw new Error('no room');
    });
    writeSync(writer, 'one');
    if (isLate) await waitFor('the fault', () => faults.count > 0);
    closeSync(writer);
    await assert.rejects(pipe.finish(), /no room/);
  }
});

async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  return { folder, pipes: disposeAfter(t, new OutputPipes(folder)) };
}
