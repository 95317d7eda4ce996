import assert from 'node:assert/strict';
import { chmod, chown, link, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { openPart, partPath } from './copy-target.ts';

test('the file that grows is made anew, or is one that nobody else can have put there', async (t) => {
  const { path: root } = await tempFolder(t);
  const folder = join(root, 'shared');
  await mkdir(folder);
  await chmod(folder, 0o1777);
  const part = partPath(join(folder, 'file'), 'id');
  assert.equal(await openPart(part, { make: false }), undefined);
  await (await openPart(part, { make: true }))!.close();
  await (await openPart(part, { make: true }))!.close();
  await link(part, join(root, 'other-name'));
  await assert.rejects(openPart(part, { make: true }), /has another name too: remove it/);
  const planted = partPath(join(folder, 'file'), 'planted');
  await symlink(join(root, 'other-name'), planted);
  await assert.rejects(openPart(planted, { make: true }), /ELOOP/);
  const theirs = partPath(join(folder, 'file'), 'theirs');
  await writeFile(theirs, '');
  if (process.geteuid?.() === 0) {
    await chown(theirs, 1234, 1234);
    await assert.rejects(openPart(theirs, { make: true }), /theirs.copy, .* belongs to another user/);
  }
  await rename(folder, join(root, 'moved'));
  await symlink(join(root, 'moved'), folder);
  await assert.rejects(openPart(part, { make: true }), /shared has become a link to/);
});
