import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { GroupCommit, type WriterAnswer } from './group-commit.ts';
import { createFileCheck, type KnownFile } from './same-file.ts';
import type { PackedTransaction, SqlValue } from './statement.ts';

interface WriterOptions {
  readonly files: readonly KnownFile[];
  readonly busyMs: number;
  readonly isShortOfRoom: boolean;
}

/** A connection that writes to a database. There may be several, but one at a time is used. */
export class Writer implements Disposable {
  readonly #db: DatabaseSync;
  readonly #groups: GroupCommit;
  readonly #findFault: () => string | undefined;

  /**
   * `files`: what the database is known to be; it must not be others. `busyMs`: how long a commit waits for another program
   * that has locked the database. `isShortOfRoom`: whether the disk has been full, so that the log is to be kept short.
   */
  constructor(path: string, { files, busyMs, isShortOfRoom }: WriterOptions) {
    this.#db = new DatabaseSync(path, { timeout: busyMs });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    this.#db.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -4000; PRAGMA foreign_keys = ON');
    this.#groups = new GroupCommit(this.#db, { run: createRunner(this.#db), isShortOfRoom });
    this.#findFault = createFileCheck(path, files);
  }

  /** Whether a commit has failed that the next start may find made: only the next commit of this connection mends that. */
  get isInDoubt(): boolean {
    return this.#groups.isInDoubt;
  }

  /** Commits a group, with one fsync. */
  commit(group: readonly PackedTransaction[]): WriterAnswer[] {
    const fault = this.#findFault();
    if (fault === undefined) return this.#groups.commit(group);
    const ids = group.map(({ id }) => id);
    return [{ ids, error: { message: fault, errcode: undefined, isInDoubt: false, isReplaced: true } }];
  }

  [Symbol.dispose](): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

function createRunner(db: DatabaseSync): (sql: string, params: SqlValue[]) => void {
  const prepared = new Map<string, StatementSync>();
  return (sql, params) => {
    let found = prepared.get(sql);
    if (!found) {
      found = db.prepare(sql);
      prepared.set(sql, found);
    }
    found.run(...params);
  };
}
