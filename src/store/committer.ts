import { Worker } from 'node:worker_threads';
import { openIndex } from '../lib/held-files.ts';
import { entryPoint } from '../lib/own-file.ts';
import { isLocked, type WriterAnswer, wasFull } from './group-commit.ts';
import { packTransaction, type Transaction } from './packed-transaction.ts';
import { type KnownFile, knownFiles } from './same-file.ts';
import { StoreError } from './store-error.ts';
import type { WriterRequest, WriterStart } from './worker.ts';
import { Writer } from './writer.ts';

/** A database whose commits take longer than this within a second, ms, gets a thread for them: the rest of the node has other work to do. */
const BUSY_MS = 300;
/** Or for longer than this in commits that take so long each: a quicker one takes no longer here than to hand it over. */
const [SLOW_BUSY_MS, SLOW_MS] = [50, 2];
/** How long the rest of the node waits where another program has locked the database, ms; a thread waits longer. */
const LOCKED_MS = 20;
const WINDOW_MS = 1000;
/** A thread that had nothing to commit for so long is ended, ms. */
const IDLE_MS = 30_000;

interface CommitterOptions {
  readonly path: string;
  readonly idleMs?: number;
  onAnswer(answer: WriterAnswer): void;
  /** The thread ended by itself: what it was given may or may not be committed. */
  onFailed(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  isReady: boolean;
  /** What it is given as soon as it is ready. */
  readonly waiting: (readonly Transaction[])[];
  /** Transactions that it was given, or will be, and has not answered. */
  unanswered: number;
}

/**
 * Commits transactions in the order in which they come: here while there is little to commit, and in a thread of its own
 * while there is much. A thread takes memory and time to begin, which a node that mostly waits need not spend.
 */
export class Committer implements AsyncDisposable {
  readonly #options: CommitterOptions;
  readonly #files: KnownFile[];
  readonly #ending = new Set<Promise<void>>();
  #writer: Writer | undefined;
  #thread: Thread | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Whether the disk has been full: each connection from then on keeps the log short, which else fills what was freed. */
  #isShortOfRoom = false;
  #windowFrom = Number.NEGATIVE_INFINITY;
  #spentMs = 0;
  #commits = 0;
  /** Until then no thread is tried again, as one could not be started. */
  #noThreadUntil = Number.NEGATIVE_INFINITY;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#files = knownFiles(options.path);
  }

  /** Whether the thread commits at the moment. */
  get hasThread(): boolean {
    return this.#thread?.isReady === true;
  }

  /** Has transactions committed; the answers may come before this returns. */
  commit(group: readonly Transaction[]): void {
    const thread = this.#thread;
    const isTaken = thread !== undefined && (thread.isReady || thread.waiting.length > 0);
    // What failed here is mended by a commit from here.
    if (isTaken && !this.#writer?.isInDoubt) return this.#hand(thread, group);
    const before = performance.now();
    this.#writer ??= new Writer(this.#options.path, {
      ...{ files: this.#files, busyMs: LOCKED_MS, isShortOfRoom: this.#isShortOfRoom },
    });
    const answers = this.#writer.commit(group);
    if (
      'error' in answers[0]! &&
      answers.every(isLocked) &&
      this.#mayHaveThread() &&
      !this.#writer.isInDoubt
    ) {
      this.#thread ??= this.#startThread();
      if (this.#thread) return this.#hand(this.#thread, group);
    }
    for (const answer of answers) this.#answer(answer);
    this.#noteTime(before);
  }

  /** Commits what it was given, and closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#endThread();
    await Promise.all(this.#ending);
    this.#writer?.[Symbol.dispose]();
  }

  #answer(answer: WriterAnswer): void {
    if ('error' in answer) this.#isShortOfRoom ||= wasFull(answer);
    this.#options.onAnswer(answer);
  }

  #noteTime(before: number): void {
    const now = performance.now();
    if (now - this.#windowFrom > WINDOW_MS) {
      this.#windowFrom = before;
      this.#spentMs = 0;
      this.#commits = 0;
    }
    this.#spentMs += now - before;
    this.#commits += 1;
    const most = this.#spentMs > this.#commits * SLOW_MS ? SLOW_BUSY_MS : BUSY_MS;
    if (this.#spentMs > most && this.#mayHaveThread()) this.#thread ??= this.#startThread();
  }

  #mayHaveThread(): boolean {
    return !this.#isClosed && performance.now() >= this.#noThreadUntil;
  }

  #hand(thread: Thread, group: readonly Transaction[]): void {
    // One writer is enough.
    this.#writer?.[Symbol.dispose]();
    this.#writer = undefined;
    clearTimeout(this.#idle);
    thread.unanswered += group.length;
    thread.waiting.push(group);
    if (thread.isReady) this.#flush(thread);
  }

  #flush({ worker, waiting }: Thread): void {
    for (const group of waiting.splice(0)) {
      const packed = group.map(packTransaction);
      const slabs = packed
        .filter(({ slab }) => slab.length > 0)
        .map(({ slab }) => slab.buffer as ArrayBuffer);
      worker.postMessage(packed satisfies WriterRequest, slabs);
    }
  }

  #hear(thread: Thread, answer: WriterAnswer | 'ready'): void {
    if (answer === 'ready') {
      thread.isReady = true;
      this.#flush(thread);
    } else {
      thread.unanswered -= answer.ids.length;
      this.#answer(answer);
    }
    if (thread.unanswered > 0 || this.#thread !== thread) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#endThread(), this.#options.idleMs ?? IDLE_MS).unref();
  }

  /** One that never was ready was given nothing: what waits for it is tried here. */
  #lose(thread: Thread, error: unknown): void {
    if (this.#thread !== thread) return;
    if (thread.isReady) return this.#options.onFailed(error);
    this.#thread = undefined;
    this.#noThreadUntil = performance.now() + IDLE_MS;
    for (const group of thread.waiting.splice(0)) this.commit(group);
  }

  /** Undefined where the system has no thread left (EAGAIN): then all is committed here, for a while. */
  #startThread(): Thread | undefined {
    const { path } = this.#options;
    let worker: Worker;
    try {
      worker = new Worker(entryPoint('store/worker'), {
        workerData: {
          ...{ path, index: openIndex(path) },
          ...{ files: this.#files, isShortOfRoom: this.#isShortOfRoom },
        } satisfies WriterStart,
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
      });
    } catch {
      this.#noThreadUntil = performance.now() + IDLE_MS;
      return undefined;
    }
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread: Thread = { worker, exited, isReady: false, waiting: [], unanswered: 0 };
    worker.on('message', (answer: WriterAnswer | 'ready') => this.#hear(thread, answer));
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', (code) =>
      this.#lose(thread, new StoreError('failed', `the writer of ${path} ended with code ${code}`)),
    );
    return thread;
  }

  /** It commits what it was given before it ends. */
  #endThread(): void {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    if (!thread) return;
    this.#thread = undefined;
    this.#windowFrom = Number.NEGATIVE_INFINITY;
    this.#flush(thread);
    thread.worker.postMessage('close' satisfies WriterRequest);
    const ending = thread.exited.then(() => void this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
