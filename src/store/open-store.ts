import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { holdFiles } from '../lib/held-files.ts';
import { makeFoldersSync } from '../lib/make-folders.ts';
import { systemFault } from '../lib/system-fault.ts';
import { noteFile } from './find-older.ts';
import { damageAdvice } from './is-damaged.ts';
import { refuseStrayLog } from './log-origin.ts';
import { ADDED_COLUMNS, ADDED_INDEXES, ADDITIONS, APPLICATION_ID, MIGRATIONS } from './schema.ts';
import type { Store } from './store.ts';
import { asStoreError, StoreError } from './store-error.ts';
import { ThreadedStore } from './threaded-store.ts';

/** Below this size a database is checked page by page when it is opened, bytes. */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;

interface StoreOptions {
  readonly folder: string;
  /** Whose database it is. */
  readonly nodeName?: string;
}

/**
 * Opens `<folder>/steward.db`, making the folder (0700) and the file (0600) where they are missing.
 *
 * Throws StoreError: 'locked' where another node has the folder, 'foreign' for a file that is not ours or that a
 * newer Steward wrote, or a copy of another node's, 'corrupt', 'read-only', 'full' and 'io' for what they say.
 */
export async function openStore({ folder, nodeName }: StoreOptions): Promise<Store> {
  const path = join(folder, 'steward.db');
  makeStoreFolder(folder);
  const lock = lockFolder(folder);
  const files = [path, `${path}-wal`, `${path}-shm`];
  const letGo = holdFiles([...files, join(folder, 'steward.lock')]);
  try {
    for (const file of files) refuseOther(file);
    prepareFile(path, nodeName);
    return await ThreadedStore.start({ path, lock, letGo });
  } catch (error) {
    lock.close();
    letGo();
    throw asStoreError(error, path);
  }
}

function makeStoreFolder(folder: string): void {
  try {
    makeFoldersSync(folder, 0o700);
  } catch (error) {
    const wayOut = 'move away what stands there, or choose another databaseFolder';
    const text = `the folder ${folder} cannot be made: ${systemFault(error)}; ${wayOut}`;
    throw new StoreError('io', text, { cause: error });
  }
}

/** SQLite says of a folder or a pipe that the disk is to be checked, and follows a link to nothing. */
function refuseOther(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new StoreError('io', `${path} is no regular file: move it away, or choose another databaseFolder`);
}

/** Holds an exclusive lock that ends with the process, however it ends: SQLite's own lock on a file next to the database. */
function lockFolder(folder: string): DatabaseSync {
  const path = join(folder, 'steward.lock');
  refuseOther(path);
  try {
    const lock = new DatabaseSync(path, { timeout: 0 });
    chmodSync(path, 0o600);
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    const fault = asStoreError(error, path);
    if (fault.code !== 'locked') throw fault;
    throw new StoreError(
      'locked',
      `another node already runs on the folder ${folder}: stop it, or give this one its own databaseFolder`,
      { cause: error },
    );
  }
}

function prepareFile(path: string, nodeName?: string): void {
  const isNew = !existsSync(path);
  if (!isNew) checkFile(path);
  const db = new DatabaseSync(path);
  try {
    if (isNew) chmodSync(path, 0o600);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(db, path);
    noteFile(db, path, nodeName);
  } finally {
    db.close();
  }
}

/** Where there is a log of writes it only reads: a log that is not the file's own would be moved into it, and spoil it. */
function checkFile(path: string): void {
  const hasLog = existsSync(`${path}-wal`);
  using db = new DatabaseSync(path, { readOnly: hasLog });
  const applicationId = pragma(db, 'application_id');
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (applicationId !== APPLICATION_ID && tables > 0) {
    throw new StoreError(
      'foreign',
      `the file ${path} is another program's database: move it away, or choose another databaseFolder`,
    );
  }
  if (hasLog && tables > 0) refuseStrayLog(db, path);
  if (Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size')) > QUICK_CHECK_BYTES) return;
  const found = String(pragma(db, 'quick_check(1)')).replaceAll('\n', ' ');
  if (found.includes('disk I/O error'))
    throw new StoreError('io', `the database ${path} could not be read: check the disk (${found})`);
  if (found !== 'ok') {
    throw new StoreError(
      'corrupt',
      `the database ${path} is damaged (${found}): ${damageAdvice(path)}, and start again`,
    );
  }
}

/** Takes the steps of the schema that a database has not seen. Throws StoreError where it is from a newer Steward. */
export function migrate(db: DatabaseSync, path: string): void {
  const version = Number(pragma(db, 'user_version'));
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'foreign',
      `the database ${path} was written by a newer Steward (schema ${version}, this one knows ${MIGRATIONS.length}): start the newer one`,
    );
  }
  // All of it with one fsync, where there is something to add.
  db.exec('BEGIN');
  for (const step of MIGRATIONS.slice(version)) db.exec(step);
  if (version < MIGRATIONS.length)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
  db.exec(ADDITIONS);
  for (const { table, column, type } of ADDED_COLUMNS) {
    const known = db.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(table, column);
    if (!known) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
  }
  db.exec(ADDED_INDEXES);
  db.exec('COMMIT');
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
