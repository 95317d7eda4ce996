import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { entryPoint } from '../lib/own-file.ts';
import { QueryThread } from './query-thread.ts';
import type { Query } from './reader.ts';
import { packTransaction, type SqlValue, type Statement } from './statement.ts';
import { asStoreError, StoreError } from './store-error.ts';
import type { WriterAnswer } from './worker.ts';

interface Pending {
  resolve(): void;
  reject(error: StoreError): void;
}

/**
 * The database of a node. Writes go to a thread of their own, which commits whatever has come together with one
 * fsync; short reads happen here, on a connection that sees everything committed, and long ones in a second thread.
 */
export class Store implements AsyncDisposable {
  readonly path: string;
  /** Rejects should the writer thread end by itself: the node cannot go on without it. Never resolves. */
  readonly failed: Promise<never>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #reader: DatabaseSync;
  readonly #queries: QueryThread;
  readonly #lock: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #closed: Promise<void> | undefined;
  #fault: StoreError | undefined;

  private constructor(options: { path: string; lock: DatabaseSync; worker: Worker }) {
    this.path = options.path;
    this.#lock = options.lock;
    this.#worker = options.worker;
    this.#reader = new DatabaseSync(options.path, { readOnly: true, timeout: 5000 });
    this.#reader.exec('PRAGMA cache_size = -2000');
    this.#queries = new QueryThread(options);
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.failed = new Promise((_, reject) => {
      this.#worker.on('error', (error) => reject(this.#fail(asStoreError(error, this.path))));
      this.#worker.on('exit', (code) => {
        if (this.#closed) return;
        reject(this.#fail(new StoreError('failed', `the writer of ${this.path} ended with code ${code}`)));
      });
    });
    this.failed.catch(() => {});
    this.#worker.on('message', (answer: WriterAnswer) => this.#settle(answer));
  }

  /** Starts the writer thread on an existing database; `lock` is closed with the store. */
  static async start(options: { path: string; lock: DatabaseSync }): Promise<Store> {
    const worker = new Worker(entryPoint('store/worker'), {
      workerData: { path: options.path },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const store = new Store({ ...options, worker });
    try {
      await store.write([]);
      return store;
    } catch (error) {
      store.#reader.close();
      throw error;
    }
  }

  /**
   * Executes statements as one transaction; resolves when it is on disk. Transactions take effect in the order of
   * the calls. Throws StoreError, and then nothing of the transaction has happened.
   */
  write(statements: readonly Statement[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('failed', `the database ${this.path} is closed`));
    if (this.#fault) return Promise.reject(this.#fault);
    const filled = statements.filter(({ rows }) => rows.length > 0);
    const packed = packTransaction(this.#nextId++, filled);
    return new Promise((resolve, reject) => {
      this.#pending.set(packed.id, { resolve, reject });
      this.#worker.postMessage(packed, [packed.slab.buffer as ArrayBuffer]);
    });
  }

  /** All rows of a query. Throws StoreError. */
  all<T>(sql: string, ...params: SqlValue[]): T[] {
    try {
      return this.#prepare(sql).all(...params) as T[];
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** The first row of a query, or undefined. Throws StoreError. */
  get<T>(sql: string, ...params: SqlValue[]): T | undefined {
    try {
      return this.#prepare(sql).get(...params) as T | undefined;
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** All rows of a query that may take long: nothing else waits for it. Throws StoreError. */
  async query<T>(sql: string, ...params: SqlValue[]): Promise<T[]> {
    const [rows] = await this.#queries.ask([{ sql, params }]);
    return rows as T[];
  }

  /** The rows of several such queries, which see the database at one moment. Throws StoreError. */
  async queryAll(queries: readonly Query[]): Promise<readonly unknown[][]> {
    return await this.#queries.ask(queries);
  }

  /** Commits what was written and closes the file. May be called twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // The writer closes last: SQLite then moves all into the one file, and no log of writes is left beside it.
    await this.#queries[Symbol.asyncDispose]();
    this.#prepared.clear();
    this.#reader.close();
    this.#worker.postMessage('close');
    await this.#exited;
    this.#fail(new StoreError('failed', `the database ${this.path} is closed`));
    this.#lock.close();
  }

  #prepare(sql: string): StatementSync {
    let found = this.#prepared.get(sql);
    if (!found) {
      found = this.#reader.prepare(sql);
      this.#prepared.set(sql, found);
    }
    return found;
  }

  #settle(answer: WriterAnswer): void {
    const error = 'error' in answer ? asStoreError(answer.error, this.path) : undefined;
    for (const id of answer.ids) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(error);
      else pending?.resolve();
    }
  }

  #fail(error: StoreError): StoreError {
    this.#fault ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    return error;
  }
}
