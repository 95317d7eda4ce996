import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { disposeAfter } from '../../../test/support/dispose-after.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { systemFiles } from '../../lib/system-files.ts';
import { CopySource } from './copy-source.ts';

const { signal } = new AbortController();

test('of a file that grows the copy has what was there at first', async (t) => {
  const { path, open } = await setUp(t);
  await writeFile(path, 'first\n');
  const source = await open(path);
  await source.hashUpTo(3, signal);
  await appendFile(path, 'more\n');
  assert.equal(Buffer.from(await source.read(3, Buffer.alloc(100))).toString(), 'st\n');
  assert.equal((await source.read(7, Buffer.alloc(100))).length, 0);
  assert.equal(await source.sha256(signal), sumOf('first\n'));
  assert.equal(Buffer.from(await source.readSmall()).toString(), 'first\n');
});

test('of a file of which a part is asked for the copy has that, and of one that has less nothing', async (t) => {
  const { path, open } = await setUp(t);
  await writeFile(path, 'first\nmore\n');
  const source = await open(path, 6);
  assert.equal(Buffer.from(await source.readSmall()).toString(), 'first\n');
  await source.hashUpTo(6, signal);
  assert.equal(await source.sha256(signal), sumOf('first\n'));
  await assert.rejects(open(path, 12), /changed while it was copied/);
});

test('a file that grows and changes before its end is refused', async (t) => {
  const { path, open } = await setUp(t);
  await writeFile(path, 'first\n');
  const source = await open(path);
  await source.hashUpTo(6, signal);
  await writeFile(path, 'other\nmore\n');
  await assert.rejects(source.sha256(signal), /changed while it was copied/);
});

test('a file that shrinks, or changes without growing, is refused', async (t) => {
  const { path, open } = await setUp(t);
  await writeFile(path, 'first\n');
  const shrunk = await open(path);
  await writeFile(path, 'fir');
  await assert.rejects(shrunk.hashUpTo(6, signal), /changed while it was copied/);
  const touched = await open(path);
  await utimes(path, 1, 1);
  await assert.rejects(touched.readSmall(), /changed while it was copied/);
});

test('what is appended while the file is looked at has changed its time first, and then its size', async (t) => {
  const { folder, path } = await setUp(t);
  await writeFile(path, 'first\n');
  let looks = 0;
  const open: typeof systemFiles.open = async (...args) => {
    const handle = await systemFiles.open(...args);
    const stat = handle.stat.bind(handle);
    const look = async (...options: Parameters<typeof stat>) => {
      if (++looks === 4) await appendFile(path, 'more\n');
      return stat(...options);
    };
    return Object.assign(handle, { stat: look });
  };
  const place = { folder, id: 'source', files: { ...systemFiles, open } };
  const source = disposeAfter(t, await CopySource.open(path, place));
  await utimes(path, 1, 1);
  assert.equal(Buffer.from(await source.readSmall()).toString(), 'first\n');
  assert.equal(looks, 5);
});

test('files whose size the system does not tell, or not right, are read to their end', async (t) => {
  const { folder, open } = await setUp(t);
  const large = await open('/proc/kallsyms');
  assert.ok(large.size > 300_000, `${large.size} bytes`);
  await large.hashUpTo(large.size, signal);
  assert.match(await large.sha256(signal), /^[0-9a-f]{64}$/);
  assert.deepEqual(await readdir(folder), []);
  const sys = '/sys/kernel/mm/transparent_hugepage/enabled';
  const small = await open(sys);
  assert.deepEqual(Buffer.from(await small.readSmall()), await readFile(sys));
  const limited = CopySource.open('/proc/kallsyms', { folder, id: 'source', maxUnsizedBytes: 300_000 });
  await assert.rejects(limited, {
    code: 'source',
    message: /no size of its own, and goes on beyond 300.0 kB/,
  });
  assert.deepEqual(await readdir(folder), []);
  const empty = await open('/proc/sys/kernel/ostype');
  assert.deepEqual(Buffer.from(await empty.readSmall()), await readFile('/proc/sys/kernel/ostype'));
});

async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const { path } = await tempFolder(t);
  const open = async (name: string, size?: number) =>
    disposeAfter(t, await CopySource.open(name, { folder, id: 'source', size }));
  return { folder, path: join(path, 'source'), open };
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
