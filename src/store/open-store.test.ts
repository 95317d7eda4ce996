import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { FIRST_SURE_LANE } from './find-older.ts';
import { openStore } from './open-store.ts';
import { MIGRATIONS } from './schema.ts';
import { statement } from './store.ts';
import { asStoreError, type StoreErrorCode } from './store-error.ts';

async function refuses(folder: string, code: StoreErrorCode, text: RegExp): Promise<void> {
  const opened = openStore({ folder });
  // Should it open after all, it must not keep the test's process.
  void opened.then((store) => store[Symbol.asyncDispose]()).catch(() => {});
  await assert.rejects(opened, (error: Error & { code?: string }) => {
    assert.equal(error.name, 'StoreError');
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

test('a database that was put in the place of another one makes its lanes doubtful, also after the next start; one that stayed does not', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'steward.db');
  const backup = join(folder, 'backup');
  const isOlder = async () => {
    await using store = await openStore({ folder });
    return store.get('SELECT value FROM meta WHERE key = ?', FIRST_SURE_LANE) !== undefined;
  };
  assert.deepEqual([await isOlder(), await isOlder()], [false, false]);
  copyFileSync(path, backup);
  rmSync(path);
  copyFileSync(backup, path);
  assert.deepEqual([await isOlder(), await isOlder()], [true, true]);
});

test('a new database is made with its folder, for its owner alone', async (t) => {
  const { path } = await tempFolder(t);
  const folder = join(path, 'var', 'db');
  await using _ = await openStore({ folder });
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, 'var')).mode & 0o777, 0o700);
  for (const name of ['steward.db', 'steward.db-wal', 'steward.db-shm', 'steward.lock']) {
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
});

test('what was written is there when the database is opened again', async (t) => {
  const { path: folder } = await tempFolder(t);
  {
    await using store = await openStore({ folder });
    await store.write([statement("INSERT INTO meta VALUES ('a', 'b')")]);
  }
  await using store = await openStore({ folder });
  assert.deepEqual({ ...store.get<object>('SELECT * FROM meta') }, { key: 'a', value: 'b' });
});

test('closing leaves one file, without a log of writes next to it', async (t) => {
  const { path: folder } = await tempFolder(t);
  const store = await openStore({ folder });
  await store.write([statement("INSERT INTO meta VALUES ('a', 'b')")]);
  assert.deepEqual(store.all('SELECT 1 AS one').length, 1);
  await store[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(folder).sort(), ['steward.db', 'steward.lock']);
});

test('a folder that another node has is refused, and free again when that node ends', async (t) => {
  const { path: folder } = await tempFolder(t);
  const first = await openStore({ folder });
  await refuses(folder, 'locked', /another node already runs on the folder .*: stop it, or/);
  await first[Symbol.asyncDispose]();
  await using _ = await openStore({ folder });
});

test("another program's database is refused and left as it is", async (t) => {
  const { path: folder } = await tempFolder(t);
  const file = join(folder, 'steward.db');
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE theirs (x)');
  db.close();
  await refuses(folder, 'foreign', /another program's database: move it away/);
  const again = new DatabaseSync(file, { readOnly: true });
  const tables = again.prepare('SELECT name FROM sqlite_schema').all();
  again.close();
  assert.equal(tables.length, 1);
});

test('a file that is no database is refused', async (t) => {
  const { path: folder } = await tempFolder(t);
  writeFileSync(join(folder, 'steward.db'), 'notes of the crew '.repeat(100));
  await refuses(folder, 'foreign', /is not a Steward database/);
});

test('an empty file, as a crash at the first start leaves it, becomes the database', async (t) => {
  const { path: folder } = await tempFolder(t);
  writeFileSync(join(folder, 'steward.db'), '');
  await using store = await openStore({ folder });
  assert.deepEqual(store.all('SELECT * FROM meta'), []);
});

test('the database of a newer Steward is refused', async (t) => {
  const { path: folder } = await tempFolder(t);
  await (await openStore({ folder }))[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(folder, 'steward.db'));
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  db.close();
  await refuses(folder, 'foreign', /written by a newer Steward \(schema \d+, this one knows \d+\)/);
});

test('a damaged database is refused, with what is wrong', async (t) => {
  const { path: folder } = await tempFolder(t);
  {
    await using store = await openStore({ folder });
    const rows = Array.from({ length: 500 }, (_, index) => [`key ${index}`, 'x'.repeat(500)]);
    await store.write([{ sql: 'INSERT INTO meta VALUES (?, ?)', rows }]);
  }
  const path = join(folder, 'steward.db');
  const { size } = statSync(path);
  const file = await open(path, 'r+');
  for (let at = 20 * 4096; at + 4096 <= size; at += 3 * 4096)
    await file.write(Buffer.alloc(4096, 7), 0, 4096, at);
  await file.close();
  await refuses(folder, 'corrupt', /is damaged .*move it away, or restore it from a backup/);
});

test('a restored database that stands next to the log of another one is refused, named so, and left whole', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'steward.db');
  await (await openStore({ folder }))[Symbol.asyncDispose]();
  copyFileSync(path, join(folder, 'backup'));
  using db = new DatabaseSync(path);
  const add = (rows: number) => {
    const insert = db.prepare('INSERT INTO meta VALUES (?, ?)');
    for (let row = 0; row < rows; row++) insert.run(`${rows} ${row}`, 'x'.repeat(500));
  };
  add(800);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  add(30);
  const later = join(folder, 'later');
  mkdirSync(later);
  copyFileSync(join(folder, 'backup'), join(later, 'steward.db'));
  copyFileSync(`${path}-wal`, join(later, 'steward.db-wal'));
  await refuses(
    later,
    'corrupt',
    /is damaged .*: move .*steward\.db-wal and .*-shm away .*, and start again/,
  );
  assert.ok(readFileSync(join(later, 'steward.db')).equals(readFileSync(join(folder, 'backup'))));
  for (const end of ['-wal', '-shm']) rmSync(join(later, `steward.db${end}`), { force: true });
  await (await openStore({ folder: later }))[Symbol.asyncDispose]();
});

test('a database that was cut off is refused', async (t) => {
  const { path: folder } = await tempFolder(t);
  await (await openStore({ folder }))[Symbol.asyncDispose]();
  truncateSync(join(folder, 'steward.db'), 3 * 4096);
  await refuses(folder, 'corrupt', /is damaged/);
});

test('a file in the place of the folder, or a folder in the place of the file, is named', async (t) => {
  const { path } = await tempFolder(t);
  writeFileSync(join(path, 'file'), '');
  await refuses(
    join(path, 'file'),
    'io',
    /the folder .*file cannot be made: EEXIST.*exists; move away what stands there/,
  );
  mkdirSync(join(path, 'steward.db'));
  await refuses(path, 'io', /steward\.db is no regular file: move it away/);
});

test('a folder that may not be written is refused', { skip: process.getuid?.() === 0 }, async (t) => {
  const { path: folder } = await tempFolder(t);
  await (await openStore({ folder }))[Symbol.asyncDispose]();
  chmodSync(join(folder, 'steward.db'), 0o400);
  try {
    await refuses(folder, 'read-only', /cannot be written: make the file and its folder writable/);
  } finally {
    chmodSync(join(folder, 'steward.db'), 0o600);
  }
});

test('a start that was refused leaves the folder free', async (t) => {
  const { path: folder } = await tempFolder(t);
  mkdirSync(join(folder, 'steward.db'));
  await refuses(folder, 'io', /is no regular file/);
  await refuses(folder, 'io', /is no regular file/);
});

test('what the system says of a file is a fault of the same kind as what SQLite says', () => {
  const error = Object.assign(new Error('EROFS: read-only file system, chmod'), { code: 'EROFS' });
  const { code, message } = asStoreError(error, '/lib/steward.lock');
  assert.equal(code, 'read-only');
  assert.match(message, /steward\.lock cannot be written: make the file and its folder writable .*EROFS/);
});
