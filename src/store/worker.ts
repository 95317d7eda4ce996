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
  try {
    commit(db, group, run);
    return [{ ids }];
  } catch (error) {
    if (group.length > 1) return group.flatMap((transaction) => commitGroup(db, [transaction], run));
    const { message, errcode } = error as Error & { errcode?: number };
    return [{ ids, error: { message, errcode } }];
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
