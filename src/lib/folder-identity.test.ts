import assert from 'node:assert/strict';
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { folderIdentity } from './folder-identity.ts';

test('a folder keeps its identity when it is moved, and a copy of it has another', async (t) => {
  const { path } = await tempFolder(t);
  const [first, copy, moved] = [join(path, 'first'), join(path, 'copy'), join(path, 'moved')];
  await mkdir(first);
  const identity = folderIdentity(first);
  await cp(first, copy, { recursive: true });
  await rename(first, moved);
  assert.equal(folderIdentity(moved), identity);
  assert.notEqual(folderIdentity(copy), identity);
});
