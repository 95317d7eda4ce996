import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type PackedTransaction, unpackTransaction } from './statement.ts';

/** What the writer thread tells of the transactions it was given: all of `ids` committed, or one failed. */
export type WriterAnswer =
  | { ids: number[] }
  | { ids: number[]; error: { message: string; errcode: number | undefined } };

/** Transactions after which a group is committed although more wait: bounds how long the first one waits. */
const MAX_GROUP = 512;

const port = parentPort;
if (port) serve(port, new DatabaseSync((workerData as { path: string }).path));

function serve(port: MessagePort, db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000');
  db.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -4000; PRAGMA foreign_keys = ON');
  const run = createRunner(db);
  port.on('message', (first: Request) => {
    let next: Request | undefined = first;
    while (next && next !== 'close') {
      const group: PackedTransaction[] = [];
      for (; next && next !== 'close' && group.length < MAX_GROUP; next = receiveMessageOnPort(port)?.message)
        group.push(next);
      for (const answer of commitGroup(db, group, run)) port.postMessage(answer);
    }
    if (next !== 'close') return;
    db.close();
    port.close();
  });
}

type Request = PackedTransaction | 'close';

type Run = (transaction: PackedTransaction) => void;

function createRunner(db: DatabaseSync): Run {
  const prepared = new Map<string, StatementSync>();
  return (transaction) =>
    unpackTransaction(transaction, (sql, params) => {
      let found = prepared.get(sql);
      if (!found) {
        found = db.prepare(sql);
        prepared.set(sql, found);
      }
      found.run(...params);
    });
}

/** Commits a group at once; where one of it fails, each is tried alone, so that only the faulty one is refused. */
function commitGroup(db: DatabaseSync, group: PackedTransaction[], run: Run): WriterAnswer[] {
  const ids = group.map(({ id }) => id);
  if (isShortOfRoom) makeRoom(db);
  try {
    commit(db, group, run);
    return [{ ids }];
  } catch (error) {
    if (isDiskFull(error)) noteFullDisk(db);
    if (group.length > 1) return group.flatMap((transaction) => commitGroup(db, [transaction], run));
    const { message, errcode } = error as Error & { errcode?: number };
    return [{ ids, error: { message, errcode } }];
  }
}

const SQLITE_FULL = 13;
/** Pages after which the log is moved into the database, once the disk has been full. */
const SHORT_LOG_PAGES = 250;
const MAKE_ROOM_EVERY_MS = 1000;
let isShortOfRoom = false;
let triedAt = Number.NEGATIVE_INFINITY;

function isDiskFull(error: unknown): boolean {
  return (Number((error as { errcode?: number }).errcode) & 0xff) === SQLITE_FULL;
}

/** From now on the log is kept short: a long one may be what fills the disk. */
function noteFullDisk(db: DatabaseSync): void {
  isShortOfRoom = true;
  db.exec(`PRAGMA wal_autocheckpoint = ${SHORT_LOG_PAGES}`);
}

/**
 * Moves what was committed from the log into the database, and frees the log. It comes before the next commit: that
 * would lengthen the log, and take the little room which this needs.
 */
function makeRoom(db: DatabaseSync): void {
  if (performance.now() - triedAt < MAKE_ROOM_EVERY_MS) return;
  triedAt = performance.now();
  try {
    isShortOfRoom = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0;
  } catch {
    // There is no room for that either yet.
  }
}

function commit(db: DatabaseSync, group: PackedTransaction[], run: Run): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const transaction of group) run(transaction);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
