import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { cleanSpool, leftOutput, Spool } from './spool.ts';

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

test('output that is sent while a command runs is found again after a crash, and goes when it is sent', async (t) => {
  const { path } = await tempFolder(t);
  const id = '0198d3a0-1111-7222-8333-444455556666';
  const spool = new Spool({ spoolFolder: path }, id);
  writeSync(spool.open('out'), 'printed');
  assert.deepEqual(leftOutput(path, id), {
    stdout: { path: join(path, `told-${id}.out`), bytes: 7 },
    stderr: { path: join(path, `told-${id}.err`), bytes: 0 },
  });
  const removeRest = await cleanSpool(path);
  assert.deepEqual(await readdir(path), [`told-${id}.out`]);
  await removeRest({ has: (read) => read === id });
  assert.deepEqual(await readdir(path), [`told-${id}.out`], 'it is read still');
  await removeRest({ has: () => false });
  assert.deepEqual(await readdir(path), []);
  assert.equal(leftOutput(path, '../../etc/passwd'), undefined);
  const other = new Spool({ spoolFolder: path }, '../escape');
  other.open('out');
  assert.match(other.keep('out'), /\/run-[0-9a-f]{12}-\d+\.out$/);
});
