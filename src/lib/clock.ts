import { uptime } from 'node:os';
import { longTimeout } from './long-timeout.ts';
import { isTemporary } from './temporary-error.ts';

/** Time as a dependency: dates by the wall clock, durations by the steady one, and what is to happen later. */
export interface Clock {
  /** Unix time in milliseconds. It may be set, forth and back: no duration is measured with it. */
  wallNow(): number;
  /** Milliseconds since `steadyOrigin`, on a clock that nobody sets and that counts the time a machine sleeps. */
  steadyNow(): number;
  /** Names the moment that `steadyNow` counts from: readings can be compared where it is the same, also after a restart. */
  readonly steadyOrigin: string;
  /**
   * Runs `task` once after `delayMs`, however long that is; 0 means after what is ready to run now. The function that
   * comes back cancels it.
   */
  after(delayMs: number, task: () => void): () => void;
  /**
   * Runs `task` again and again, `intervalMs` apart, until the function that comes back is called. A fault that passes is
   * passed over, and `task` has its next turn.
   */
  every(intervalMs: number, task: () => void): () => void;
}

/** The clock of the machine. Like all timers, its tasks keep the process alive until they are cancelled. */
export const systemClock: Clock = {
  wallNow: Date.now,
  steadyNow: createSteadyNow({
    wallNow: Date.now,
    awakeNow: () => performance.now(),
    uptimeMs: () => uptime() * 1000,
  }),
  get steadyOrigin() {
    boot ??= readBootId();
    return boot;
  },
  after(delayMs, task) {
    if (delayMs > 0) return longTimeout(delayMs, task);
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  },
  every(intervalMs, task) {
    const timer = setInterval(() => untroubled(task), intervalMs);
    return () => clearInterval(timer);
  },
};

/** A fault that passes, as where no more files can be opened, does not end the program: the next time comes. */
function untroubled(task: () => void): void {
  try {
    task();
  } catch (error) {
    if (!isTemporary(error)) throw error;
  }
}

/** Clocks may differ by this much before it is looked whether the machine slept, ms. */
const JUMP_MS = 500;

/**
 * Makes a steady clock that counts sleep from one that does not (`awakeNow`) and the machine's uptime, which does but is
 * coarse and slow to read. It is read again only when the wall clock moved otherwise than the clock that stands still.
 */
export function createSteadyNow(source: {
  wallNow(): number;
  awakeNow(): number;
  uptimeMs(): number;
}): () => number {
  let offset: number | undefined;
  let difference = 0;
  return () => {
    const awake = source.awakeNow();
    const apart = source.wallNow() - awake;
    if (offset !== undefined && Math.abs(apart - difference) < JUMP_MS) return awake + offset;
    difference = apart;
    const found = source.uptimeMs() - awake;
    // A clock that was set is no sleep: what the coarse uptime adds then would be its own error.
    if (offset === undefined || found - offset >= JUMP_MS) offset = found;
    return awake + offset;
  };
}

let boot: string | undefined;

/** Linux names each start of a machine; elsewhere a reading means nothing to the next process. */
function readBootId(): string {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process ${process.pid} of ${Date.now()}`;
  }
}

/** A moment of the steady clock as a date by today's wall clock, unix ms. */
export function wallTimeOf(steady: number, clock: Pick<Clock, 'wallNow' | 'steadyNow'>): number {
  return clock.wallNow() - Math.round(clock.steadyNow() - steady);
}

/** A signal that is aborted after `ms` by a clock, unless it is disposed of before; without them, never. */
export function deadlineIn(
  ms: number | undefined,
  clock: Pick<Clock, 'after'>,
): { readonly signal: AbortSignal } & Disposable {
  const over = new AbortController();
  const cancel = ms === undefined ? () => {} : clock.after(ms, () => over.abort());
  return { signal: over.signal, [Symbol.dispose]: cancel };
}

/** Resolves after `ms` by a clock, or at once when the signal is aborted; 0 lets go what is ready now. Never rejects. */
export function wait(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const cancel = clock.after(ms, done);
    function done(): void {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
