import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { disposeAfter } from '../../test/support/dispose-after.ts';
import { canMount } from '../../test/support/small-disk.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openNew } from './open-inside.ts';
import { putInPlace } from './put-in-place.ts';

const OLD = 'what was there before';

const skip = !(await canMount()) && 'it takes the right to mount';

/** A file that is a mount point, of a disk with so much room. */
async function mountedFile(t: TestContext, size: string) {
  const { path } = await tempFolder(t);
  const [disk, target] = [join(path, 'disk'), join(path, 'target')];
  await mkdir(disk);
  await writeFile(target, '');
  const mount = (args: string[], at: string) => {
    execFileSync('mount', [...args, at], { stdio: 'ignore' });
    disposeAfter(t, { [Symbol.asyncDispose]: async () => void execFileSync('umount', ['-l', at]) });
  };
  mount(['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs'], disk);
  await writeFile(join(disk, 'real'), OLD);
  mount(['--bind', join(disk, 'real')], target);
  /** Puts such content in its place. */
  const put = async (content: Uint8Array) => {
    const part = join(path, 'part');
    await rm(part, { force: true });
    await using handle = await openNew(part);
    await handle.writeFile(content);
    await putInPlace({ handle, path: part }, target);
  };
  return { target, put };
}

test('a mount point whose disk has no room keeps what it held', { skip }, async (t) => {
  const { target, put } = await mountedFile(t, '64k');
  await assert.rejects(put(Buffer.alloc(1_000_000, 'x')), /ENOSPC/);
  assert.equal(await readFile(target, 'utf8'), OLD);
});

test('a mount point holds just what is put there, be it longer or shorter than before', {
  skip,
}, async (t) => {
  const { target, put } = await mountedFile(t, '8m');
  for (const content of [Buffer.alloc(3_000_000, 'long'), Buffer.from('short'), Buffer.alloc(0)]) {
    await put(content);
    assert.deepEqual(await readFile(target), content);
  }
});
