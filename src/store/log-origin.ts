import { readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { OpenIndex } from '../lib/held-files.ts';
import { StoreError } from './store-error.ts';

/** Gives the log a note of its own, behind which stands that of the database file below it. */
export const NOTE_LOG =
  "UPDATE log_origin SET note = lower(hex(randomblob(8))) || ' ' || substr(note, 1, 16)";
/** The note that a database has before its first. */
const NO_NOTE = 'none';
/** Where the index of the log (`-shm`) has the number of its last frame, and of the last that is in the database file (walformat.html), in words. */
const [LAST_FRAME, LAST_MOVED, WORDS] = [4, 24, 25];

/**
 * Knows when the next commit has to note that a log of writes begins, see `refuseStrayLog`: as soon as the database file has all
 * that its log has. SQLite begins the log anew then or later, with that commit or another, and from now on the file has the note before.
 */
export class LogOrigin {
  readonly #indexOf: OpenIndex;
  readonly #index = new Uint32Array(WORDS);
  #file: number | undefined;

  constructor(indexOf: OpenIndex) {
    this.#indexOf = indexOf;
  }

  /** For a database that keeps such notes, as those of nodes do. */
  static of(db: DatabaseSync, indexOf: OpenIndex): LogOrigin | undefined {
    const keeps = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_origin'").get();
    return keeps && new LogOrigin(indexOf);
  }

  /** Whether the commit that is being made needs a note; to be asked by who may write, so that nobody else does meanwhile. */
  isDue(): boolean {
    try {
      this.#file ??= this.#indexOf();
      if (this.#file === undefined) return false;
      const bytes = readSync(this.#file, this.#index, 0, this.#index.byteLength, 0);
      return bytes === this.#index.byteLength && this.#index[LAST_FRAME] === this.#index[LAST_MOVED];
    } catch {
      // It is a help after a restore, and no reason to refuse a commit.
      return false;
    }
  }
}

/**
 * Refuses a log of writes that was not begun by the database next to it, as where one of them was restored or copied without the
 * other: SQLite would put pages of two states together, and what was done would be asked for again. `db` reads both. A file has the
 * note of its log, where that was moved into it, or the one before. Throws StoreError 'corrupt'.
 */
export function refuseStrayLog(db: DatabaseSync, path: string): void {
  const alone = noteAlone(path);
  if (alone === '' || noteIn(db).split(' ').includes(alone)) return;
  const text = `${path}-wal is not the log of the database ${path}: one of them was restored or copied without the other: move ${path}-wal and ${path}-shm away (after a restore), or put back the one that it belongs to`;
  throw new StoreError('corrupt', text);
}

function noteIn(db: DatabaseSync): string {
  return String(db.prepare('SELECT note FROM log_origin').get()?.note ?? '');
}

/** The newest note that the database file has by itself; '' where only its log makes it whole, as after a crash. */
function noteAlone(path: string): string {
  const place = pathToFileURL(path);
  place.searchParams.set('immutable', '1');
  try {
    using alone = new DatabaseSync(place, { readOnly: true });
    const [newest = ''] = noteIn(alone).split(' ');
    return newest === NO_NOTE || /^[0-9a-f]{16}$/.test(newest) ? newest : '';
  } catch {
    return '';
  }
}
