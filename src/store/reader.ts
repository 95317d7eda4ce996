import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SqlValue } from './statement.ts';

/** One query, as it crosses to the reader thread. */
export interface Query {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Queries that are to see the database at one moment. */
export interface ReaderRequest {
  readonly id: number;
  readonly queries: readonly Query[];
}

/** What the reader thread found: the rows of each query, in order, or why there are none. */
export type ReaderAnswer =
  | { readonly id: number; readonly rows: readonly unknown[][] }
  | { readonly id: number; readonly error: { message: string; errcode: number | undefined } };

/** Statements kept prepared; the texts of queries differ by their filters only. */
const MAX_PREPARED = 200;

const port = parentPort;
if (port) serve(port, (workerData as { path: string }).path);

function serve(port: MessagePort, path: string): void {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  db.exec('PRAGMA cache_size = -4000');
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const found = prepared.get(sql) ?? db.prepare(sql);
    if (prepared.size >= MAX_PREPARED) prepared.clear();
    prepared.set(sql, found);
    return found;
  };
  port.on('message', (request: ReaderRequest | 'close') => {
    if (request !== 'close') return port.postMessage(answer(db, request, prepare));
    prepared.clear();
    db.close();
    port.close();
  });
}

function answer(
  db: DatabaseSync,
  { id, queries }: ReaderRequest,
  prepare: (sql: string) => StatementSync,
): ReaderAnswer {
  try {
    db.exec('BEGIN');
    return { id, rows: queries.map(({ sql, params }) => prepare(sql).all(...params)) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, error: { message, errcode } };
  } finally {
    if (db.isTransaction) db.exec('COMMIT');
  }
}
