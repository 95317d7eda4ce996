import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { canMount } from '../../test/support/small-disk.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { knownFiles } from './same-file.ts';
import { statement } from './store.ts';
import { Writer } from './writer.ts';

const BUSY_MS = 100;

for (const isShortOfRoom of [false, true])
  test(`a writer ${isShortOfRoom ? 'keeps the log short' : 'lets the log grow'} where the disk ${isShortOfRoom ? 'has' : 'has not'} been full before`, async (t) => {
    const path = join((await tempFolder(t)).path, 'a.db');
    const db = new DatabaseSync(path);
    t.after(() => db.close());
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
    using writer = new Writer(path, { files: knownFiles(path), busyMs: BUSY_MS, isShortOfRoom });
    const text = 'x'.repeat(100_000);
    for (let id = 1; id <= 40; id++)
      writer.commit([{ id, statements: [statement('INSERT INTO rows VALUES (?, ?)', id, text)] }]);
    const logBytes = statSync(`${path}-wal`).size;
    assert.equal(logBytes < 2_000_000, isShortOfRoom, `${logBytes} bytes`);
  });

test('a writer that begins where the database is gone makes no new one, which would delete the log of the old one', async (t) => {
  const { path, insert } = await setUp(t);
  for (const files of [knownFiles(path), []]) {
    using writer = new Writer(path, { files, busyMs: BUSY_MS, isShortOfRoom: false });
    const log = statSync(`${path}-wal`).size;
    renameSync(path, `${path}.away`);
    const [answer] = writer.commit([insert(1)]);
    assert.ok(answer && 'error' in answer);
    assert.match(answer.error.message, files.length > 0 ? /was deleted/ : /unable to open/);
    assert.deepEqual([existsSync(path), statSync(`${path}-wal`).size], [false, log]);
    renameSync(`${path}.away`, path);
    assert.deepEqual(writer.commit([insert(files.length)]), [{ ids: [files.length] }]);
  }
});

test('a writer that begins on a read-only disk writes once that is mended', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { folder, path, insert } = await setUp(t);
  using writer = new Writer(path, { files: [], busyMs: BUSY_MS, isShortOfRoom: false });
  execFileSync('mount', ['--bind', folder, folder]);
  try {
    execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
    const [answer] = writer.commit([insert(1)]);
    assert.match(answer && 'error' in answer ? answer.error.message : '', /readonly/);
  } finally {
    execFileSync('umount', ['-l', folder]);
  }
  assert.deepEqual(writer.commit([insert(2)]), [{ ids: [2] }]);
});

/** A database that somebody has open, with what was written last in its log. */
async function setUp(t: TestContext) {
  const folder = (await tempFolder(t)).path;
  const path = join(folder, 'a.db');
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY)');
  const insert = (id: number) => ({ id, statements: [statement('INSERT INTO rows VALUES (?)', id)] });
  return { folder, path, insert };
}
