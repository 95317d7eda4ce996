import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type OpenIndex, openIndex } from '../lib/held-files.ts';
import { GroupCommit, isReadOnly, type WriterAnswer } from './group-commit.ts';
import { LogOrigin } from './log-origin.ts';
import type { Transaction } from './packed-transaction.ts';
import { createFileCheck, type KnownFile } from './same-file.ts';
import type { SqlValue } from './store.ts';

interface WriterOptions {
  readonly files: readonly KnownFile[];
  readonly busyMs: number;
  readonly isShortOfRoom: boolean;
  /** Where the index of the log is open; it is opened unless told, which the main thread may do alone. */
  readonly indexOf?: OpenIndex;
}

interface Connection {
  readonly db: DatabaseSync;
  readonly groups: GroupCommit;
  readonly origin: LogOrigin | undefined;
}

/** What writes to a database. There may be several, but one at a time is used. */
export class Writer implements Disposable {
  readonly #path: string;
  readonly #options: WriterOptions;
  readonly #findFault: () => string | undefined;
  #connection: Connection | undefined;

  /**
   * `files`: what the database is known to be; it must not be others. `busyMs`: how long a commit waits for another program
   * that has locked the database. `isShortOfRoom`: whether the disk has been full, so that the log is to be kept short.
   */
  constructor(path: string, options: WriterOptions) {
    this.#path = path;
    this.#options = options;
    this.#findFault = createFileCheck(path, options.files);
  }

  /** Whether a commit has failed that the next start may find made: only the next commit of this connection mends that. */
  get isInDoubt(): boolean {
    return this.#connection?.groups.isInDoubt === true;
  }

  /** Commits a group, with one fsync. */
  commit(group: readonly Transaction[]): WriterAnswer[] {
    const fault = this.#findFault();
    if (fault !== undefined) return [failed(group, { message: fault, isReplaced: true })];
    try {
      this.#connection ??= this.#open();
    } catch (error) {
      return [failed(group, error as Error)];
    }
    const answers = this.#connection.groups.commit(group);
    // A connection that was opened while a file was read-only stays so, also when the file is not any more.
    const isCommitted = answers.length === 1 && !('error' in answers[0]!);
    if (!isCommitted && !this.isInDoubt && answers.some(isReadOnly)) this[Symbol.dispose]();
    return answers;
  }

  [Symbol.dispose](): void {
    this.#connection?.db.close();
    this.#connection = undefined;
  }

  /** Makes no new database where it is gone: SQLite would delete the log next to it, and what is only there. */
  #open(): Connection {
    const { busyMs, isShortOfRoom } = this.#options;
    const db = new DatabaseSync(`file:${encodeURIComponent(this.#path)}?mode=rw`, { timeout: busyMs });
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      db.exec('PRAGMA cache_size = -4000; PRAGMA foreign_keys = ON');
      const origin = LogOrigin.of(db, this.#options.indexOf ?? (() => openIndex(this.#path)));
      return { db, origin, groups: new GroupCommit(db, { run: createRunner(db), isShortOfRoom, origin }) };
    } catch (error) {
      db.close();
      throw error;
    }
  }
}

function failed(
  group: readonly Transaction[],
  { message, errcode, isReplaced }: { message: string; errcode?: number; isReplaced?: boolean },
): WriterAnswer {
  const error = { message, errcode, isInDoubt: false, ...(isReplaced && { isReplaced }) };
  return { ids: group.map(({ id }) => id), error };
}

function createRunner(db: DatabaseSync): (sql: string, params: readonly SqlValue[]) => void {
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
