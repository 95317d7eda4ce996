import { closeSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { type PackedTransaction, packTransaction } from './packed-transaction.ts';
import { statement } from './store.ts';
import { StoreError } from './store-error.ts';

/** Where the log's header has its two salts, which are others each time that SQLite begins the log anew (fileformat2.html), bytes. */
const [SALTS_AT, SALTS_BYTES] = [16, 8];
/** Notes the salts of a log and, behind them, those that the database had when it began. */
const SQL = `UPDATE log_origin SET salts = ?1 || ' ' || substr(salts, 1, ${2 * SALTS_BYTES})
  WHERE substr(salts, 1, ${2 * SALTS_BYTES}) <> ?1`;

/** Notes in the database which log of writes follows which: see `refuseStrayLog`. */
export class LogOrigin implements Disposable {
  readonly #path: string;
  readonly #salts = Buffer.alloc(SALTS_BYTES);
  #file: number | undefined;
  #found = '';
  #noted = '';

  /** `path`: of the database. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** For a database that keeps such notes, as those of nodes do. */
  static of(db: DatabaseSync, path: string): LogOrigin | undefined {
    const keeps = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_origin'").get();
    return keeps && new LogOrigin(path);
  }

  /** What the next commit is to write with it, where the log began anew since. */
  due(): PackedTransaction | undefined {
    this.#found = this.#read();
    return this.#found === '' || this.#found === this.#noted
      ? undefined
      : packTransaction(0, [statement(SQL, this.#found)]);
  }

  /** What was due is committed. */
  committed(): void {
    this.#noted = this.#found;
  }

  /** Whether the log has these salts. */
  isOf(salts: string): boolean {
    return this.#read() === salts;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(): string {
    try {
      this.#file ??= openSync(this.#path, 'r');
      const bytes = readSync(this.#file, this.#salts, 0, SALTS_BYTES, SALTS_AT);
      return bytes === SALTS_BYTES ? this.#salts.toString('hex') : '';
    } catch {
      // It is a help after a restore, and no reason to refuse a commit.
      return '';
    }
  }
}

/**
 * Refuses a log of writes that was not begun by the database next to it, as where one of them was restored or copied without the
 * other: SQLite would put pages of two states together, and what was done would be asked for again. `db` reads both.
 * Throws StoreError 'corrupt'.
 */
export function refuseStrayLog(db: DatabaseSync, path: string): void {
  const [own = '', before = ''] = originIn(db).split(' ');
  const [under = ''] = originAlone(path).split(' ');
  if (under === '' || under === own) return;
  using log = new LogOrigin(path);
  if (under === before && log.isOf(own)) return;
  const text = `${path}-wal is not the log of the database ${path}: one of them was restored or copied without the other: move ${path}-wal and ${path}-shm away (after a restore), or put back the one that it belongs to`;
  throw new StoreError('corrupt', text);
}

function originIn(db: DatabaseSync): string {
  return String(db.prepare('SELECT salts FROM log_origin').get()?.salts ?? '');
}

/** What the database file says by itself; nothing where only its log makes it whole, as after a crash. */
function originAlone(path: string): string {
  const place = pathToFileURL(path);
  place.searchParams.set('immutable', '1');
  try {
    using alone = new DatabaseSync(place, { readOnly: true });
    return originIn(alone);
  } catch {
    return '';
  }
}
