import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { connectionLimits } from '../lib/connection-budget.ts';
import { ListenError, type ListenErrorCode } from '../lib/listen-error.ts';
import { openFileLimit } from '../lib/open-file-limit.ts';
import { entryPoint } from '../lib/own-file.ts';
import type { Broker } from './broker.ts';
import { BrokerError, type BrokerErrorCode } from './broker-error.ts';
import { BROKER_LIMITS, type BrokerOptions, type BrokerUser } from './broker-options.ts';
import type { BrokerLogger } from './hub.ts';
import type { WorkerCall, WorkerNews } from './worker.ts';

/** A broker in a thread of its own; `failed` resolves should it end by itself. */
export interface BrokerThread extends Broker {
  readonly failed: Promise<Error>;
  /** Called when the last connection of a user has ended; where nobody has to sign in, of the name that it gave itself. */
  onGone: (user: string) => void;
}

/**
 * Starts a broker in a thread of its own, so that neither the clients' traffic nor a hostile one takes time from what
 * this thread does. The open files are those of one process, though: clients leave enough of them to the node and its listeners.
 * Returns when clients can connect. Throws BrokerError and ListenError.
 */
export async function startBrokerThread(
  options: BrokerOptions,
  { logger }: { readonly logger: BrokerLogger },
): Promise<BrokerThread> {
  const maxConnections = Math.min(BROKER_LIMITS.maxConnections, connectionLimits(openFileLimit()).total);
  const worker = new Worker(entryPoint('broker/worker'), { workerData: { maxConnections, ...options } });
  const thread = new RunningThread(worker, logger);
  await thread.listening;
  return thread;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

class RunningThread implements BrokerThread {
  readonly failed: Promise<Error>;
  readonly listening: Promise<void>;
  onGone: (user: string) => void = () => {};
  port = 0;
  url = '';
  readonly #worker: Worker;
  readonly #logger: BrokerLogger;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isStopping = false;
  #isEnded = false;

  constructor(worker: Worker, logger: BrokerLogger) {
    this.#worker = worker;
    this.#logger = logger;
    this.listening = this.#wait(this.#lastId);
    this.#exited = once(worker, 'exit').catch(() => {});
    this.failed = new Promise((resolve) => {
      const end = (error: Error) => {
        this.#isEnded = true;
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
        if (!this.#isStopping) resolve(error);
      };
      worker.on('error', (cause) =>
        end(new BrokerError('failed', `the embedded broker failed: ${(cause as Error).message}`, { cause })),
      );
      worker.on('exit', () => end(new BrokerError('failed', 'the embedded broker ended by itself')));
    });
    worker.on('message', this.#take);
  }

  async setUsers(users: readonly BrokerUser[]): Promise<void> {
    if (this.#isEnded) throw new BrokerError('failed', 'the embedded broker has ended');
    this.#lastId += 1;
    this.#worker.postMessage({ call: 'users', id: this.#lastId, users } satisfies WorkerCall);
    await this.#wait(this.#lastId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#isEnded = true;
    this.#worker.postMessage({ call: 'stop' } satisfies WorkerCall);
    await this.#exited;
  }

  #wait(id: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  readonly #take = (news: WorkerNews): void => {
    if (news.news === 'log') return this.#logger[news.level](news.fields, news.text);
    if (news.news === 'gone') return this.onGone(news.user);
    if (news.news === 'listening') {
      this.port = news.port;
      this.url = news.url;
    }
    const id = news.news === 'listening' ? 0 : news.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (news.news === 'failed') waiting?.reject(toError(news.error));
    else waiting?.resolve();
  };
}

/** The error as it was before it came from the thread. */
function toError({ code, message }: { code: string; message: string }): Error {
  const isOwn = (['bad-option', 'bad-users', 'failed'] as readonly string[]).includes(code);
  if (isOwn) return new BrokerError(code as BrokerErrorCode, message);
  return new ListenError(code as ListenErrorCode, message);
}
