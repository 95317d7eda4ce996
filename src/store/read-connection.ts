import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Query, SqlValue } from './store.ts';

/** Statements kept prepared; the texts of queries differ by their filters only. */
const MAX_PREPARED = 200;
/** Pages of 4 KiB up to which a query of all of them takes a few milliseconds. */
const FEW_PAGES = 1024;

/** A connection that reads a database, and sees everything committed. What it throws is SQLite's. */
export class ReadConnection implements Disposable {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(path: string, { cacheKib }: { cacheKib: number }) {
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    this.#db.exec(`PRAGMA cache_size = -${cacheKib}`);
  }

  /** Whether any query is short, as the database is small. */
  get isSmall(): boolean {
    return Number(this.get<{ page_count: number }>('PRAGMA page_count')?.page_count) <= FEW_PAGES;
  }

  all<T>(sql: string, ...params: SqlValue[]): T[] {
    return this.#prepare(sql).all(...params) as T[];
  }

  get<T>(sql: string, ...params: SqlValue[]): T | undefined {
    return this.#prepare(sql).get(...params) as T | undefined;
  }

  /** The rows of each query, all seeing the database at one moment. */
  answer(queries: readonly Query[]): readonly unknown[][] {
    try {
      this.#db.exec('BEGIN');
      return queries.map(({ sql, params }) => this.all(sql, ...params));
    } finally {
      if (this.#db.isTransaction) this.#db.exec('COMMIT');
    }
  }

  [Symbol.dispose](): void {
    this.#prepared.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const found = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
    this.#prepared.set(sql, found);
    return found;
  }
}
