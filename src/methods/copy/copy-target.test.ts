import assert from 'node:assert/strict';
import { chmod, chown, link, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { CopySource } from './copy-source.ts';
import { openPart, partPath, placeTarget, writeWhole } from './copy-target.ts';

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

test('a folder that becomes a link between the look and the opening leads no copy to where that points', async (t) => {
  const { path: root } = await tempFolder(t);
  const [folder, victim, gone] = ['app', 'victim', 'gone'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(folder);
  await mkdir(victim);
  await writeFile(join(folder, 'config'), 'old');
  await writeFile(join(victim, 'config'), 'secret');
  const files: FileSystem = {
    ...systemFiles,
    open: async (path, ...more) => {
      await rename(folder, gone);
      await symlink(victim, folder);
      const handle = await systemFiles.open(path, ...more);
      await systemFiles.rm(folder);
      await rename(gone, folder);
      return handle;
    },
  };
  const moment = /a folder on the way to .* became a link at the same moment/;
  const path = join(folder, 'config');
  await assert.rejects(CopySource.open(path, { folder: root, id: 'id', files }), moment);
  const place = await placeTarget(path, { bytes: 1, name: '' });
  const small = { data: Buffer.from('x'), mode: 0o600, id: 'small' };
  await assert.rejects(writeWhole(place, small, files), moment);
  await assert.rejects(openPart(partPath(path, 'large'), { make: true }, files), moment);
  assert.deepEqual(await systemFiles.readFile(path, 'utf8'), 'old');
  assert.equal(await systemFiles.readFile(join(victim, 'config'), 'utf8'), 'secret');
  const { size } = await systemFiles.stat(
    join(victim, (await readdir(victim)).find((name) => name.includes('small'))!),
  );
  assert.equal(size, 0, 'nothing was written there');
});

test('a small file that is in place is not said to have found no room where its folder cannot be made durable', async (t) => {
  const { path: root } = await tempFolder(t);
  const path = join(root, 'target');
  for (const code of ['ENOSPC', 'EIO']) {
    const open: FileSystem['open'] = async (at, ...more) => {
      const handle = await systemFiles.open(at, ...more);
      const fail = () =>
        Promise.reject(Object.assign(new Error(`${code}: fault, fsync`), { code, syscall: 'fsync' }));
      return at === root ? Object.assign(handle, { sync: fail }) : handle;
    };
    const small = { data: Buffer.from(code), mode: 0o600, id: 'small' };
    const files = { ...systemFiles, open };
    const said = new RegExp(
      `target may be lost again: it is in place, but the disk did not confirm .*: ${code}`,
    );
    await assert.rejects(writeWhole({ path, before: undefined }, small, files), said);
    assert.equal(await systemFiles.readFile(path, 'utf8'), code);
  }
});

test('a disk that does not count its space, as some network disks do not, takes copies', async () => {
  assert.equal((await placeTarget('/proc/copied', { bytes: 4, name: '' })).path, '/proc/copied');
});
