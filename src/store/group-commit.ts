import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { freeBytesOf } from '../lib/disk-room.ts';
import { type LogOrigin, NOTE_LOG } from './log-origin.ts';
import type { Transaction } from './packed-transaction.ts';
import { type SqlValue, statement } from './store.ts';

/** What the writer thread tells of the transactions it was given: all of `ids` committed, or one failed. */
export type WriterAnswer = { readonly ids: readonly number[] } | FailedAnswer;

interface FailedAnswer {
  readonly ids: readonly number[];
  readonly error: {
    readonly message: string;
    readonly errcode: number | undefined;
    /** Whether it may be there after the next start all the same. */
    readonly isInDoubt: boolean;
    /** Whether the file at the database's path is another one now. */
    readonly isReplaced?: boolean;
  };
}

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
/** What SQLite makes of a quota that is used up, and of a limit for the size of a file, as of other faults of a write. */
const SQLITE_IOERR_WRITE = 778;
/** Pages after which the log is moved into the database: once the disk has been full, and where there is much room. */
const [SHORT_LOG_PAGES, LONG_LOG_PAGES] = [250, 4000];
/** The log may take this share of the room that there is with it: the database grows by as much when it is moved. */
const LOG_SHARE = 4;
const [PAGE_BYTES, LOOK_EVERY_MS] = [4096, 1000];
const MAKE_ROOM_EVERY_MS = 1000;
const QUIET = { throwIfNoEntry: false } as const;
/** What is committed over a commit that failed. */
const VOID: Transaction = {
  id: 0,
  statements: [
    statement(`INSERT INTO meta (key, value) VALUES ('voided', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1`),
  ],
};

/**
 * Commits transactions in groups, with one fsync for each group.
 *
 * A commit whose fsync fails has left its pages in the log: the next start would find them whole, and take them for
 * committed. So a commit of nothing but a count follows at once, and overwrites them; until that has worked, what failed
 * is in doubt.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #run: (sql: string, params: readonly SqlValue[]) => void;
  readonly #origin: LogOrigin | undefined;
  /** Whether a commit has failed that the next start may find made: only another commit of this connection mends that. */
  isInDoubt = false;
  #isShortOfRoom = false;
  #triedAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #logPages = 0;
  #mostLogPages = LONG_LOG_PAGES;

  /**
   * `isShortOfRoom`: whether the disk has been full for another connection of this node; `origin`: what is noted of the log.
   */
  constructor(
    db: DatabaseSync,
    options: {
      readonly run: (sql: string, params: readonly SqlValue[]) => void;
      readonly isShortOfRoom: boolean;
      readonly origin?: LogOrigin | undefined;
    },
  ) {
    const { run, isShortOfRoom, origin } = options;
    this.#db = db;
    this.#run = run;
    this.#origin = origin;
    if (isShortOfRoom) this.#noteFullDisk();
  }

  /** Commits a group at once; where one of it fails, each is tried alone, so that only the faulty one is refused. */
  commit(group: readonly Transaction[]): WriterAnswer[] {
    this.#fitLog();
    if (this.#isShortOfRoom) this.#makeRoom();
    const failed = this.#try(group);
    if (!failed) return [{ ids: group.map(({ id }) => id) }];
    // Each by itself would wait as long again for whoever has locked the database.
    const isOne = group.length === 1 || isLocked(failed);
    const answers = isOne ? [failed] : group.map((one) => this.#try([one]) ?? { ids: [one.id] });
    return answers.map((answer) => ('error' in answer ? this.#withDoubt(answer) : answer));
  }

  #try(group: readonly Transaction[]): FailedAnswer | undefined {
    try {
      this.#commitAll(group);
      return undefined;
    } catch (error) {
      if (isDiskFull(error)) this.#noteFullDisk();
      this.#void();
      const { message, errcode } = error as Error & { errcode?: number };
      return { ids: group.map(({ id }) => id), error: { message, errcode, isInDoubt: false } };
    }
  }

  #commitAll(group: readonly Transaction[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    let isComplete = false;
    try {
      if (this.#origin?.isDue()) this.#run(NOTE_LOG, []);
      for (const { statements } of group)
        for (const { sql, rows } of statements) for (const row of rows) this.#run(sql, row);
      isComplete = true;
      this.#db.exec('COMMIT');
      this.isInDoubt = false;
    } catch (error) {
      // A full disk refuses a page before the last one of the commit is written; any other fault may come behind that.
      this.isInDoubt ||= isComplete && !isDiskFull(error);
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Overwrites what a failed commit left in the log. */
  #void(): void {
    if (!this.isInDoubt) return;
    try {
      this.#commitAll([VOID]);
    } catch {
      // The doubt stays until something is committed.
    }
  }

  #withDoubt(answer: FailedAnswer): FailedAnswer {
    return { ...answer, error: { ...answer.error, isInDoubt: this.isInDoubt } };
  }

  /** From now on the log is kept short: a long one may be what fills the disk. */
  #noteFullDisk(): void {
    this.#isShortOfRoom = true;
    this.#mostLogPages = SHORT_LOG_PAGES;
    this.#limitLog(SHORT_LOG_PAGES);
  }

  /** On a small disk a long log would fill it, and leave no room to be moved into the database: nothing would go on. */
  #fitLog(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    const path = this.#db.location();
    const pages = path === null ? LONG_LOG_PAGES : Math.floor(roomFor(path) / LOG_SHARE / PAGE_BYTES);
    this.#limitLog(Math.min(this.#mostLogPages, Math.max(SHORT_LOG_PAGES, pages)));
  }

  #limitLog(pages: number): void {
    if (pages !== this.#logPages) this.#db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
    this.#logPages = pages;
  }

  /**
   * Moves what was committed from the log into the database, and frees the log. It comes before the next commit: that
   * would lengthen the log, and take the little room which this needs.
   */
  #makeRoom(): void {
    if (performance.now() - this.#triedAt < MAKE_ROOM_EVERY_MS) return;
    this.#triedAt = performance.now();
    try {
      this.#isShortOfRoom = this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0;
    } catch {
      // There is no room for that either yet.
    }
  }
}

/** The room that there is for a database and its log, bytes; as if there were much where nothing says it, as its folder is gone. */
function roomFor(path: string): number {
  try {
    return freeBytesOf(statfsSync(dirname(path))) + (statSync(`${path}-wal`, QUIET)?.size ?? 0);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Whether another program had locked the database, so that nothing of a group was tried. */
export function isLocked(answer: WriterAnswer): boolean {
  return 'error' in answer && primaryCode(answer.error) === SQLITE_BUSY;
}

/** Whether it was refused as the connection can only read. */
export function isReadOnly(answer: WriterAnswer): boolean {
  return 'error' in answer && primaryCode(answer.error) === SQLITE_READONLY;
}

/** Whether there was no room for it. */
export function wasFull(answer: WriterAnswer): boolean {
  return 'error' in answer && isDiskFull(answer.error);
}

function isDiskFull(error: unknown): boolean {
  return primaryCode(error) === SQLITE_FULL || (error as { errcode?: number }).errcode === SQLITE_IOERR_WRITE;
}

function primaryCode(error: unknown): number {
  return Number((error as { errcode?: number }).errcode) & 0xff;
}
