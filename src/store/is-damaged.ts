import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

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

/** What to do about a damaged database: one that is whole without the log of its writes has got that of another one. */
export function damageAdvice(path: string): string {
  return isWholeAlone(path)
    ? `move ${path}-wal and ${path}-shm away (it is whole without them: a restore left those of another database)`
    : 'move it away, or restore it from a backup';
}

function isWholeAlone(path: string): boolean {
  try {
    if (!statSync(`${path}-wal`, { throwIfNoEntry: false })?.size || statSync(path).size > MOST_BYTES)
      return false;
    const place = pathToFileURL(path);
    place.searchParams.set('immutable', '1');
    return check(place) === 'ok';
  } catch {
    return false;
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

function check(path: string | URL): unknown {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  try {
    return Object.values(db.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  } finally {
    db.close();
  }
}
