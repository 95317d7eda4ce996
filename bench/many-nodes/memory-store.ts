import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { migrate } from '../../src/store/open-store.ts';
import type { SqlValue, Statement, Store } from '../../src/store/store.ts';
import { asStoreError } from '../../src/store/store-error.ts';

const PATH = 'in memory';
/** A node's statements are few; those of a thousand nodes are not. */
const PAGE_BYTES = 512;

interface Pending {
  readonly statements: readonly Statement[];
  resolve(): void;
  reject(error: Error): void;
}

/** A database of one node that lives as long as the process: what was committed is kept through every cut of the link. */
export class MemoryStore implements Store {
  readonly path = PATH;
  readonly failed = new Promise<never>(() => {});
  readonly #db = new DatabaseSync(':memory:');
  readonly #prepared = new Map<string, StatementSync>();
  #pending: Pending[] = [];

  constructor() {
    this.#db.deserialize(EMPTY);
  }

  write(statements: readonly Statement[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ statements, resolve, reject });
      if (this.#pending.length === 1) setImmediate(() => this.#commit());
    });
  }

  all<T>(sql: string, ...params: SqlValue[]): T[] {
    return this.#prepare(sql).all(...params) as T[];
  }

  get<T>(sql: string, ...params: SqlValue[]): T | undefined {
    return this.#prepare(sql).get(...params) as T | undefined;
  }

  async query<T>(sql: string, ...params: SqlValue[]): Promise<T[]> {
    return this.all<T>(sql, ...params);
  }

  async queryAll(
    queries: readonly { readonly sql: string; readonly params: readonly SqlValue[] }[],
  ): Promise<unknown[][]> {
    return queries.map(({ sql, params }) => this.all(sql, ...params));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.clear();
    this.#db.close();
  }

  #commit(): void {
    const group = this.#pending;
    this.#pending = [];
    for (const { statements, resolve, reject } of group) {
      try {
        this.#db.exec('BEGIN');
        for (const { sql, rows } of statements) for (const row of rows) this.#prepare(sql).run(...row);
        this.#db.exec('COMMIT');
        resolve();
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        reject(asStoreError(error, PATH));
      }
    }
  }

  #prepare(sql: string): StatementSync {
    const found = this.#prepared.get(sql) ?? this.#db.prepare(sql);
    this.#prepared.set(sql, found);
    return found;
  }
}

const EMPTY = emptyDatabase();

/** A database as a new node has it; to copy it is faster than to make a thousand. */
function emptyDatabase(): Uint8Array {
  const db = new DatabaseSync(':memory:');
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  migrate(db, PATH);
  return db.serialize();
}
