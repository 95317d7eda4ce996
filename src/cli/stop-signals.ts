import type { Writable } from 'node:stream';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How long a clean stop may take. */
const STOP_TIMEOUT_MS = 10_000;

/** The signals that ask a process to stop. */
export interface StopSignals extends Disposable {
  /** Resolves at the first signal. */
  readonly stop: Promise<void>;
  /** Gives the stop 10 s from now, for one that no signal asked for. */
  limitStop(): void;
}

/**
 * Takes SIGTERM and SIGINT. The first asks for a clean stop; a second one, or a stop that takes longer than 10 s
 * (or `stopTimeoutMs`), ends the process at once with exit code 1.
 */
export function catchStopSignals(options: { stderr: Writable; stopTimeoutMs?: number }): StopSignals {
  const { stderr, stopTimeoutMs = STOP_TIMEOUT_MS } = options;
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (reason: string): never => {
    stderr.write(`steward: ${reason}, so it ends now\n`);
    process.exit(1);
  };
  const limitStop = (): void => {
    timer ??= setTimeout(
      () => giveUp(`the stop is not complete after ${stopTimeoutMs / 1000} s`),
      stopTimeoutMs,
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (timer !== undefined) giveUp(`${signal} came while it was stopping`);
    limitStop();
    resolve();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stop: promise,
    limitStop,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
