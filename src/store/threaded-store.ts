import type { DatabaseSync } from 'node:sqlite';
import { isTemporary } from '../lib/temporary-error.ts';
import { Committer } from './committer.ts';
import { Companions } from './companions.ts';
import type { WriterAnswer } from './group-commit.ts';
import type { Transaction } from './packed-transaction.ts';
import { QueryThread } from './query-thread.ts';
import { ReadConnection } from './read-connection.ts';
import type { Query, SqlValue, Statement, Store } from './store.ts';
import { asStoreError, StoreError } from './store-error.ts';

interface StoreOptions {
  readonly path: string;
  readonly lock: DatabaseSync;
  /** Called when its files are closed. */
  letGo(): void;
}

/** Small writes may succeed where large ones fail: what failed is tried again each second, ms. */
const TROUBLE_MS = 10_000;

interface Pending {
  resolve(): void;
  reject(error: StoreError): void;
}

/**
 * The database of a node. What is written in one turn of the event loop is committed with one fsync, here or, while there is
 * much to write, in a thread of its own; short reads happen here, on a connection that sees everything committed, and queries
 * of a large database in a second thread.
 */
export class ThreadedStore implements Store {
  readonly path: string;
  readonly replaced: Promise<Error>;
  readonly failed: Promise<never>;
  readonly #committer: Committer;
  readonly #reader: ReadConnection;
  readonly #queries: QueryThread;
  readonly #lock: DatabaseSync;
  readonly #letGo: () => void;
  readonly #pending = new Map<number, Pending>();
  /** What was written in this turn of the event loop: it commits together. */
  #unsent: Transaction[] = [];
  readonly #companions = new Companions();
  readonly withNext = this.#companions.add;
  #noteReplaced: (error: Error) => void = () => {};
  #nextId = 1;
  #closed: Promise<void> | undefined;
  #fault: StoreError | undefined;
  #trouble: { readonly since: number; readonly text: string; lastAt: number } | undefined;

  private constructor(options: StoreOptions) {
    this.path = options.path;
    this.#lock = options.lock;
    this.#letGo = options.letGo;
    const failed = Promise.withResolvers<never>();
    this.failed = failed.promise;
    this.failed.catch(() => {});
    this.#committer = new Committer({
      path: options.path,
      onAnswer: this.#settle,
      onFailed: (error) => failed.reject(this.#fail(asStoreError(error, this.path))),
    });
    this.#reader = new ReadConnection(options.path, { cacheKib: 2000 });
    this.#queries = new QueryThread(options);
    this.replaced = new Promise((resolve) => {
      this.#noteReplaced = resolve;
    });
  }

  /** Begins to write to an existing database; `lock` is closed with the store. */
  static async start(options: StoreOptions): Promise<ThreadedStore> {
    const store = new ThreadedStore(options);
    try {
      await store.write([]);
      return store;
    } catch (error) {
      store.#reader[Symbol.dispose]();
      await store.#committer[Symbol.asyncDispose]();
      throw error;
    }
  }

  get trouble(): Store['trouble'] {
    return performance.now() - (this.#trouble?.lastAt ?? -Infinity) < TROUBLE_MS ? this.#trouble : undefined;
  }

  write(statements: readonly Statement[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('failed', `the database ${this.path} is closed`));
    if (this.#fault) return Promise.reject(this.#fault);
    const filled = statements.filter(({ rows }) => rows.length > 0);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.set(id, { resolve, reject });
    if (this.#unsent.length === 0) this.#sendSoon();
    this.#unsent.push({ id, statements: filled });
    this.#companions.call();
    return promise;
  }

  all<T>(sql: string, ...params: SqlValue[]): T[] {
    return this.#read((reader) => reader.all(sql, ...params));
  }

  get<T>(sql: string, ...params: SqlValue[]): T | undefined {
    return this.#read((reader) => reader.get(sql, ...params));
  }

  async query<T>(sql: string, ...params: SqlValue[]): Promise<T[]> {
    const [rows] = await this.queryAll([{ sql, params }]);
    return rows as T[];
  }

  async queryAll(queries: readonly Query[]): Promise<readonly unknown[][]> {
    const isShort = !this.#closed && !this.#queries.isRunning && this.#read((reader) => reader.isSmall);
    if (isShort) return this.#read((reader) => reader.answer(queries));
    return await this.#queries.ask(queries);
  }

  /** Commits what was written and closes the file. May be called twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // The writer closes last: SQLite then moves all into the one file, and no log of writes is left next to it.
    await this.#queries[Symbol.asyncDispose]();
    this.#reader[Symbol.dispose]();
    this.#send();
    await this.#committer[Symbol.asyncDispose]();
    this.#fail(new StoreError('failed', `the database ${this.path} is closed`));
    this.#lock.close();
    this.#letGo();
  }

  #read<T>(read: (reader: ReadConnection) => T): T {
    try {
      return read(this.#reader);
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }

  /** What is committed here lets the event loop turn first: whoever writes again and again would hold up all else. */
  #sendSoon(): void {
    if (this.#committer.hasThread) process.nextTick(this.#send);
    else setImmediate(this.#send);
  }

  readonly #send = (): void => {
    const group = this.#unsent;
    this.#unsent = [];
    if (group.length > 0) this.#committer.commit(group);
  };

  readonly #settle = (answer: WriterAnswer): void => {
    const error = 'error' in answer ? asStoreError(answer.error, this.path) : undefined;
    if (error?.code === 'replaced') this.#noteReplaced(error);
    if (isTemporary(error)) this.#noteTrouble(error!);
    for (const id of answer.ids) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) pending?.reject(error);
      else pending?.resolve();
    }
  };

  #noteTrouble({ message: text }: StoreError): void {
    const lastAt = performance.now();
    const { since } = this.trouble ?? { since: Date.now() };
    this.#trouble = { since, text, lastAt };
  }

  #fail(error: StoreError): StoreError {
    this.#fault ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    return error;
  }
}
