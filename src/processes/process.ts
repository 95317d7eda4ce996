import type { Clock } from '../lib/clock.ts';
import { errorCode } from '../lib/system-fault.ts';

/** A process takes messages from a subject, or brings them to one. */
export type ProcessKind = 'subscriber' | 'publisher';

/** A unit of work to be kept running. `name` is its subject; `start` is called again after every failure, also one of which `onFailed` tells later. */
export interface ProcessSpec {
  readonly kind: ProcessKind;
  readonly name: string;
  start(onFailed: (error: Error) => void): Promise<AsyncDisposable>;
}

/** A process as lists show it. `startedAt` is unix time in milliseconds; `waiting` is between a failure and a restart. */
export interface ProcessInfo {
  readonly id: number;
  readonly kind: ProcessKind;
  readonly name: string;
  readonly startedAt: number;
  readonly state: 'starting' | 'running' | 'waiting' | 'stopping';
  readonly restarts: number;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;
/** Permissions of a broker seldom change, and methods that they do not name may be refused for years. */
const LONGEST_REFUSED_MS = 600_000;
const HEALTHY_AFTER_MS = 60_000;

/** How long to wait before restart number `failures` in a row (1 is the first). */
export function restartDelayMs(failures: number, isRefused = false): number {
  const longestMs = isRefused ? LONGEST_REFUSED_MS : LONGEST_DELAY_MS;
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), longestMs);
}

/** What all processes share. */
export interface ProcessDeps {
  readonly clock: Clock;
  onFailure(process: ProcessInfo, error: Error, retryInMs: number): void;
}

/** Runs one process and restarts it when it fails, until it is stopped. */
export class SupervisedProcess {
  readonly id: number;
  readonly spec: ProcessSpec;
  readonly #deps: ProcessDeps;
  readonly #startedAt: number;
  #state: ProcessInfo['state'] = 'starting';
  #running: AsyncDisposable | undefined;
  #attempt: Promise<void> = Promise.resolve();
  #attemptedAt = 0;
  #failures = 0;
  #restarts = 0;
  #cancelRestart: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(id: number, spec: ProcessSpec, deps: ProcessDeps) {
    this.id = id;
    this.spec = spec;
    this.#deps = deps;
    this.#startedAt = deps.clock.wallNow();
  }

  get info(): ProcessInfo {
    const { kind, name } = this.spec;
    return {
      id: this.id,
      kind,
      name,
      startedAt: this.#startedAt,
      state: this.#state,
      restarts: this.#restarts,
    };
  }

  /** Resolves when the first attempt has come to something; a failure has then been reported. */
  start(): Promise<void> {
    this.#attempt = this.#run();
    return this.#attempt;
  }

  /** Stops it, and no restart follows; rejects with what its own stop threw. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #run(): Promise<void> {
    this.#state = 'starting';
    this.#attemptedAt = this.#deps.clock.steadyNow();
    try {
      this.#running = await this.spec.start(this.#onFailed);
      if (this.#stopped === undefined) this.#state = 'running';
    } catch (error) {
      this.#retry(error);
    }
  }

  /** It may fail before its start is over. */
  readonly #onFailed = async (error: Error): Promise<void> => {
    await null;
    await this.#attempt;
    const running = this.#running;
    if (this.#stopped !== undefined || running === undefined) return;
    this.#running = undefined;
    this.#attempt = disposeQuietly(running);
    this.#retry(error);
  };

  #retry(error: unknown): void {
    if (this.#stopped !== undefined) return;
    const healthy = this.#deps.clock.steadyNow() - this.#attemptedAt >= HEALTHY_AFTER_MS;
    this.#failures = healthy ? 1 : this.#failures + 1;
    const delayMs = restartDelayMs(this.#failures, errorCode(error) === 'refused');
    this.#state = 'waiting';
    this.#cancelRestart = this.#deps.clock.after(delayMs, () => {
      this.#attempt = this.#attempt.then(() => this.#restart());
    });
    this.#deps.onFailure(this.info, error instanceof Error ? error : new Error(String(error)), delayMs);
  }

  async #restart(): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#restarts++;
    await this.#run();
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    this.#cancelRestart?.();
    await this.#attempt;
    await this.#running?.[Symbol.asyncDispose]();
  }
}

/** What a failed process left behind must be gone before it runs again; that it failed is known already. */
async function disposeQuietly(running: AsyncDisposable): Promise<void> {
  try {
    await running[Symbol.asyncDispose]();
  } catch {}
}
