import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { CopyRecords } from './copy-records.ts';

test('a record that cannot be removed does not keep the others from being pruned', async (t) => {
  const { path } = await tempFolder(t);
  const folder = join(path, 'copies');
  const records = new CopyRecords(folder);
  await mkdir(join(folder, 'a.json'), { recursive: true });
  for (const transfer of ['b', 'c']) {
    const part = join(path, `.steward-${transfer}.copy`);
    await writeFile(part, 'what came');
    await records.write({
      transfer,
      part,
      total: 100,
      mode: 0o600,
      identity: '',
      target: join(path, transfer),
    });
  }
  await records.prune(0, Date.now() + 1000);
  assert.deepEqual([await readdir(folder), await readdir(path)], [['a.json'], ['copies']]);
});
