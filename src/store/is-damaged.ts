import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const BLOCK_BYTES = 1024 * 1024;
/** Above this size a database is not looked through page by page, bytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Whether a database that SQLite calls damaged is that. It says so also where the disk could not read a page (its
 * SQLITE_IOERR_CORRUPTFS becomes SQLITE_CORRUPT), and whoever moves a sound database away loses what it holds. So the files
 * are read once more: where that fails, or nothing is wrong with them, it was the disk, and may pass.
 */
export function isDamaged(path: string): boolean {
  try {
    const bytes = bytesOf(path) + (existsSync(`${path}-wal`) ? bytesOf(`${path}-wal`) : 0);
    return bytes > MOST_BYTES || check(path) !== 'ok';
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR';
  }
}

/** Reads all of a file, and counts it. Throws the system's error. */
function bytesOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    let all = 0;
    for (let bytes = readSync(file, block); bytes > 0; bytes = readSync(file, block)) all += bytes;
    return all;
  } finally {
    closeSync(file);
  }
}

function check(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  try {
    return Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  } finally {
    db.close();
  }
}
