import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { OpenFiles } from './open-files.ts';

test('a file stays open for the next borrower, and is closed when idle', async (t) => {
  const folder = await tempFolder(t);
  await using files = new OpenFiles({ folder: join(folder.path, 'new'), idleMs: 30 });
  const first = await files.borrow('a/b');
  await files.giveBack('a/b');
  const second = await files.borrow('a/b');
  assert.equal(second.handle, first.handle);
  await second.handle.write('abc');
  await files.giveBack('a/b');
  assert.equal((await files.borrow('a/b')).size, 3);
  await files.giveBack('a/b');
  await waitFor('the idle file to be closed', () => files.openCount === 0);
});

test('the longest unused are closed above the limit, and none that is in use', async (t) => {
  const folder = await tempFolder(t);
  await using files = new OpenFiles({ folder: folder.path, maxIdle: 2 });
  const used = await files.borrow('used');
  for (const path of ['a', 'b', 'c', 'd']) {
    await files.borrow(path);
    await files.giveBack(path);
  }
  assert.equal(files.openCount, 2);
  assert.equal((await used.handle.write('x')).bytesWritten, 1);
  await files.giveBack('used');
});

test('a file of a local disk whose last use was quick is looked at and written to here', async (t) => {
  const folder = await tempFolder(t);
  await using files = new OpenFiles({ folder: folder.path });
  const [{ isQuick: first }] = [await files.borrow('a')];
  await files.giveBack('a');
  const second = await files.borrow('a');
  assert.deepEqual([first, second.isQuick], [undefined, true]);
  await files.giveBack('a');
});
