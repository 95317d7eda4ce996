import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { cleanSpool } from './spool.ts';

test('the spool of a dead process is emptied, but for files that are not of it', async (t) => {
  const { path } = await tempFolder(t);
  for (const name of ['run-0123456789ab-1.out', 'run-0123456789ab-2.data', 'other', 'run-x.out']) {
    await writeFile(join(path, name), '');
  }
  await mkdir(join(path, 'folder'));
  await cleanSpool(path);
  assert.deepEqual((await readdir(path)).sort(), ['folder', 'other', 'run-x.out']);
  await cleanSpool(join(path, 'missing'));
});
