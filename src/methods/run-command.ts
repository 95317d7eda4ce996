import { killLeftovers } from '../lib/kill-leftovers.ts';
import { longTimeout } from '../lib/long-timeout.ts';
import { groupEnded, signalGroup } from '../lib/process-group.ts';
import { SpawnerLostError, type StartedProcess } from './started-process.ts';

/** How long a command has between TERM and KILL, and how long KILL may take until we stop waiting. */
const KILL_AFTER_MS = 2000;
const GIVE_UP_AFTER_MS = 3000;
const LOOK_EVERY_MS = 1000;

export interface Command {
  /** Starts the program in a group of its own; throws the system's error, or SpawnerLostError. */
  start(): Promise<StartedProcess>;
  readonly requestId: string;
  /** Undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** What `descriptorName` says of the files that its output goes to; undefined where the system does not tell. */
  outputNames(): ReadonlySet<string> | undefined;
  /** Asked every second: why the command may not go on, or undefined. */
  findShortage?(): Promise<string | undefined>;
}

type StopCause = 'timed-out' | 'aborted' | 'shortage' | 'lost';

/** How a command ended. */
export type CommandEnd =
  | { readonly started: false; readonly error: unknown }
  | {
      readonly started: true;
      readonly exitCode: number | undefined;
      readonly signal: NodeJS.Signals | undefined;
      /** Why it was ended before its own end; undefined when it ended by itself. `lost`: how it went, nobody knows. */
      readonly stopped: StopCause | undefined;
      /** What ran short, where that is the cause. */
      readonly shortage: string | undefined;
      /** False when processes of it still run, which even KILL didn't end. */
      readonly isOver: boolean;
    };

/**
 * Runs a program in a process group of its own. Resolves when it has ended and so has every process of the group
 * that still holds its output; one in the background that has let go of it (`nohup daemon >/dev/null 2>&1 &`) is
 * left to live. Where the system does not show what a process holds (only Linux does), all are waited for.
 *
 * After `timeoutMs`, when the signal is aborted or something runs short, the whole group gets TERM, and KILL 2 s
 * later; processes that left the group are found by the request id in their environment. So it does when the
 * spawner is lost, which alone could have said how the program ended. Never rejects.
 */
export async function runCommand(command: Command): Promise<CommandEnd> {
  let started: StartedProcess;
  try {
    started = await command.start();
  } catch (error) {
    return error instanceof SpawnerLostError ? await lost(command) : { started: false, error };
  }
  using stopper = new Stopper(started.pid, command);
  const end = await Promise.race([started.ended, stopper.gaveUp]);
  if (end === 'lost') stopper.stop('lost');
  const isOver = await groupEnded(started.pid, {
    isOver: () => stopper.hasGivenUp,
    heldFiles: () => (stopper.stopped === undefined ? command.outputNames() : undefined),
  });
  // From here on the group's number may belong to others.
  stopper[Symbol.dispose]();
  const { stopped, shortage } = stopper;
  if (stopped !== undefined) await killLeftovers(new Set([command.requestId]), KILL_AFTER_MS);
  const { exitCode, signal } = end === 'lost' || end === undefined ? UNKNOWN : end;
  return {
    started: true,
    exitCode: exitCode ?? undefined,
    signal: signal ?? undefined,
    stopped,
    shortage,
    isOver,
  };
}

const UNKNOWN = { exitCode: undefined, signal: undefined };

/** Of a command that may have been started; if it was, it is found by its environment alone. */
async function lost({ requestId }: Command): Promise<CommandEnd> {
  await killLeftovers(new Set([requestId]), KILL_AFTER_MS);
  return { started: true, ...UNKNOWN, stopped: 'lost', shortage: undefined, isOver: true };
}

/** Ends a process group once, at its time-out, when the signal is aborted or something runs short, whichever comes first. */
class Stopper implements Disposable {
  readonly #groupId: number;
  readonly #abortSignal: AbortSignal;
  readonly #cancels: Array<() => void> = [];
  readonly #gaveUp = Promise.withResolvers<undefined>();
  #isDisposed = false;
  stopped: StopCause | undefined;
  shortage: string | undefined;
  hasGivenUp = false;

  constructor(groupId: number, { timeoutMs, signal, findShortage }: Command) {
    this.#groupId = groupId;
    this.#abortSignal = signal;
    if (timeoutMs !== undefined) this.#cancels.push(longTimeout(timeoutMs, () => this.stop('timed-out')));
    if (findShortage) this.#lookForShortage(findShortage);
    signal.addEventListener('abort', this.#abort);
    if (signal.aborted) this.#abort();
  }

  /** Resolves when the processes outlived KILL. */
  get gaveUp(): Promise<undefined> {
    return this.#gaveUp.promise;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#abortSignal.removeEventListener('abort', this.#abort);
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  readonly #abort = (): void => this.stop('aborted');

  #lookForShortage(find: () => Promise<string | undefined>): void {
    const timer = setInterval(async () => {
      const shortage = await find().catch(() => undefined);
      if (shortage === undefined || this.stopped !== undefined || this.#isDisposed) return;
      this.shortage = shortage;
      this.stop('shortage');
    }, LOOK_EVERY_MS);
    this.#cancels.push(() => clearInterval(timer));
  }

  stop(cause: StopCause): void {
    if (this.stopped !== undefined) return;
    const isThere = signalGroup(this.#groupId, 'SIGTERM');
    if (isThere || cause === 'lost') this.stopped = cause;
    if (!isThere) return;
    this.#after(KILL_AFTER_MS, () => {
      signalGroup(this.#groupId, 'SIGKILL');
      this.#after(GIVE_UP_AFTER_MS, () => {
        this.hasGivenUp = true;
        this.#gaveUp.resolve(undefined);
      });
    });
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(work, ms);
    this.#cancels.push(() => clearTimeout(timer));
  }
}
