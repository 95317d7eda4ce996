import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { createWriteFile } from './replace-file.ts';

test('what is in the way of one file refuses its message, and of the data folder itself holds up all', async (t) => {
  const { path } = await tempFolder(t);
  const dataFolder = join(path, 'data');
  const write = createWriteFile({ dataFolder }, { lock: new KeyedLock() });
  const file = (place: string) => write({ path: place, data: [Buffer.from('x')] });
  assert.deepEqual(await file('a'), { ok: true });
  const refused = await file('a/b');
  assert.match(refused.ok ? '' : refused.reason, /ENOTDIR/);
  await rm(dataFolder, { recursive: true });
  await writeFile(dataFolder, '');
  await assert.rejects(
    file('a'),
    (error) => error instanceof TemporaryError && /is no folder/.test(error.message),
  );
  await rm(dataFolder);
  await symlink(join(path, 'disk-that-is-not-there'), dataFolder);
  await assert.rejects(file('a'), TemporaryError);
});
