import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openNew } from './open-inside.ts';
import { putInPlace } from './put-in-place.ts';

const OLD = 'what was there before';

/** A file that is a mount point, of a disk with so much room. */
async function mountedFile(t: TestContext, size: string) {
  const { path } = await tempFolder(t);
  const [disk, target] = [join(path, 'disk'), join(path, 'target')];
  await mkdir(disk);
  await writeFile(target, '');
  const mount = (args: string[], at: string) => {
    execFileSync('mount', [...args, at], { stdio: 'ignore' });
    t.after(() => execFileSync('umount', ['-l', at]));
  };
  try {
    mount(['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs'], disk);
  } catch {
    return undefined;
  }
  await writeFile(join(disk, 'real'), OLD);
  mount(['--bind', join(disk, 'real')], target);
  /** Puts such content in its place. */
  const put = async (content: Uint8Array) => {
    const part = join(path, 'part');
    await using handle = await openNew(part);
    await handle.writeFile(content);
    await putInPlace({ handle, path: part }, target);
  };
  return { target, put };
}

test('a mount point is written over, longer and shorter; where its disk has no room it keeps what it held', async (t) => {
  const made = await mountedFile(t, '64k');
  if (made === undefined) return t.skip('needs the right to mount a small disk');
  const { target, put } = made;
  await assert.rejects(put(Buffer.alloc(1_000_000, 'x')), /ENOSPC/);
  assert.equal(await readFile(target, 'utf8'), OLD);
});

test('a mount point holds just what is put there, be it longer or shorter than before', async (t) => {
  const made = await mountedFile(t, '8m');
  if (made === undefined) return t.skip('needs the right to mount a small disk');
  const { target, put } = made;
  for (const content of [Buffer.alloc(3_000_000, 'long'), Buffer.from('short'), Buffer.alloc(0)]) {
    await put(content).catch((error) => assert.match(String(error), /EEXIST/));
    if (content.length > 0) assert.deepEqual(await readFile(target), content);
  }
});
