import type { Writable } from 'node:stream';
import type { Environment } from '../../config/environment.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** How long a clean stop may take. */
const STOP_TIMEOUT_MS = 10_000;

/** How often a process under npx looks whether npx is still there. */
const PARENT_CHECK_MS = 500;

/** The signals that ask a process to stop. */
export interface StopSignals extends Disposable {
  /** Resolves at the first signal, or with an error that nothing in the program has caught. */
  readonly stop: Promise<Error | undefined>;
  /** Gives the stop 10 s from now, for one that no signal asked for. */
  limitStop(): void;
}

/**
 * Takes SIGTERM and SIGINT. The first asks for a clean stop; a second one, or a stop that takes longer than 10 s,
 * ends the process at once with exit code 1. SIGHUP asks for a stop where there is a terminal, and for nothing elsewhere:
 * a log that was set aside and a groups file that changed are noticed when they are next used.
 *
 * For a daemon, an error that nothing caught is told with its stack, and asks for a clean stop too: what runs is handed back.
 */
export function catchStopSignals(
  { stderr, env }: { stderr: Writable; env: Environment },
  { isDaemon }: { readonly isDaemon: boolean },
): StopSignals {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (reason: string): never => {
    stderr.write(`steward: ${reason}, so it ends now\n`);
    process.exit(1);
  };
  const limitStop = (): void => {
    timer ??= setTimeout(
      () => giveUp(`the stop is not complete after ${STOP_TIMEOUT_MS / 1000} s`),
      STOP_TIMEOUT_MS,
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (timer !== undefined) giveUp(`${signal} came while it was stopping`);
    limitStop();
    resolve(undefined);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const onFault = (error: Error): void => {
    stderr.write(`steward: unexpected error, the program stops: ${error.stack ?? error}\n`);
    limitStop();
    resolve(error instanceof Error ? error : new Error(String(error)));
  };
  if (isDaemon) process.setUncaughtExceptionCaptureCallback(onFault);
  // A terminal that goes away takes with it what runs in it; a daemon is asked to read anew, which it does by itself.
  const onHangup = process.stderr.isTTY ? onSignal : ignore;
  process.on('SIGHUP', onHangup);
  // Without a listener the engine opens a debugger at the one, and ends at the other.
  process.on('SIGUSR1', ignore);
  process.on('SIGUSR2', ignore);
  const parentCheck = env.npm_lifecycle_event === 'npx' ? watchParent(onSignal) : undefined;
  return {
    stop: promise,
    limitStop,
    [Symbol.dispose]() {
      clearTimeout(timer);
      clearInterval(parentCheck);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      if (isDaemon) process.setUncaughtExceptionCaptureCallback(null);
      process.off('SIGHUP', onHangup);
      process.off('SIGUSR1', ignore);
      process.off('SIGUSR2', ignore);
    },
  };
}

function ignore(): void {}

/** npx hands a SIGTERM to the shell it started, which dies without passing it on: its end is our signal. */
function watchParent(onSignal: (signal: NodeJS.Signals) => void): NodeJS.Timeout {
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    onSignal('SIGTERM');
  }, PARENT_CHECK_MS);
  return check.unref();
}
