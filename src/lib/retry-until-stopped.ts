import { type Clock, wait } from './clock.ts';
import { Seldom } from './seldom.ts';
import { isTemporary } from './temporary-error.ts';

const RETRY_MS = 1000;

export interface RetryOptions {
  readonly clock: Clock;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  readonly logger: { warn(fields: object, text: string): void };
  /** What cannot be done, for the log: `the journal cannot be written` unless given. */
  readonly what?: string;
  /** Called with the fault of each attempt that is repeated. */
  onRetry?(error: unknown): void;
}

/**
 * Repeats an effect while what stops it can pass (a full or locked database, an I/O error): true once it works, false
 * where the node stops before; then the row stays as it is, and the next start deals with it.
 *
 * Throws a fault that cannot pass: the caller sets aside what it was about, reports it, and goes on with the rest.
 */
export async function retryUntilStopped(
  effect: () => Promise<void>,
  { clock, signal, logger, what = 'the journal cannot be written', onRetry }: RetryOptions,
): Promise<boolean> {
  let seldom: Seldom | undefined;
  for (;;) {
    try {
      await effect();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!isTemporary(error)) throw error;
      onRetry?.(error);
      seldom ??= new Seldom(() => clock.steadyNow());
      if (seldom.isTime(what)) logger.warn({ err: error }, `${what}; trying again`);
      await wait(clock, RETRY_MS, signal);
    }
  }
}
