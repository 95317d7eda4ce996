import { Worker } from 'node:worker_threads';
import { entryPoint } from '../lib/own-file.ts';
import type { ReaderAnswer, ReaderRequest } from './reader.ts';
import type { Query } from './store.ts';
import { asStoreError, StoreError } from './store-error.ts';

/** How long the thread is kept without work, ms. */
const IDLE_MS = 30_000;

interface Pending {
  resolve(rows: readonly unknown[][]): void;
  reject(error: StoreError): void;
}

interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<void>;
}

/** Answers queries in a thread of its own, which is there while there is something to ask: nothing else waits for them. */
export class QueryThread implements AsyncDisposable {
  readonly #path: string;
  readonly #idleMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #ending = new Set<Promise<void>>();
  #thread: Thread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  #isClosed = false;

  constructor(options: { path: string; idleMs?: number }) {
    this.#path = options.path;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** Whether the thread is there at the moment. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /** The rows of each query, all seeing the database at one moment. Throws StoreError. */
  ask(queries: readonly Query[]): Promise<readonly unknown[][]> {
    if (this.#isClosed)
      return Promise.reject(new StoreError('failed', `the database ${this.#path} is closed`));
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    const { worker } = this.#thread;
    const request: ReaderRequest = { id: this.#nextId++, queries };
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject });
      worker.postMessage(request);
    });
  }

  /** Ends the thread; what is asked for still is answered before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#end();
    await Promise.all(this.#ending);
  }

  #start(): Thread {
    const worker = new Worker(entryPoint('store/reader'), {
      workerData: { path: this.#path },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    worker.unref();
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread = { worker, exited };
    worker.on('message', this.#settle);
    worker.on('error', (error) => this.#gone(thread, asStoreError(error, this.#path)));
    worker.on('exit', () =>
      this.#gone(thread, new StoreError('failed', `the reader of ${this.#path} ended before it answered`)),
    );
    return thread;
  }

  #end(): void {
    clearTimeout(this.#idle);
    if (!this.#thread) return;
    const { worker, exited } = this.#thread;
    this.#thread = undefined;
    // It answers in order, so what was asked before is answered first.
    worker.ref();
    worker.postMessage('close');
    const ending = exited.then(() => void this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  readonly #settle = (answer: ReaderAnswer): void => {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(asStoreError(answer.error, this.#path));
    else pending?.resolve(answer.rows);
    if (this.#pending.size > 0 || this.#isClosed) return;
    this.#idle = setTimeout(() => this.#end(), this.#idleMs);
    this.#idle.unref();
  };

  /** The thread is no more: what still waits for it fails, and the next query starts another one. */
  #gone(thread: Thread, error: StoreError): void {
    if (this.#thread !== thread && this.#thread !== undefined) return;
    this.#thread = undefined;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
