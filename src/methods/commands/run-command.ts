import { type Clock, systemClock, wait } from '../../lib/clock.ts';
import { killLeftovers } from '../../lib/kill-leftovers.ts';
import { groupEnded, isGroupAwaited, signalGroup } from '../../lib/process-group.ts';
import { SpawnerLostError, type StartedProcess } from './started-process.ts';

/** How long a command has between TERM and KILL, and how long KILL may take until we stop waiting. */
const KILL_AFTER_MS = 2000;
const GIVE_UP_AFTER_MS = 3000;
const LOOK_EVERY_MS = 1000;
/** How soon it is looked again whether the end of a command, whose processes are gone, was read. */
const LOOK_AGAIN_MS = 100;

export interface Command {
  /** Starts the program in a group of its own; throws the system's error, or SpawnerLostError. */
  start(): Promise<StartedProcess>;
  readonly runId: string;
  /** Undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** What `descriptorName` says of the files that its output goes to; undefined where the system does not tell. */
  outputNames(): ReadonlySet<string> | undefined;
  /** Asked every second: why the command may not go on, or undefined. */
  findShortage(): Promise<string | undefined>;
}

/** What running a command needs of the machine, all of which is another thing in a simulation. */
export interface ProcessGround {
  readonly clock: Clock;
  readonly signalGroup: typeof signalGroup;
  readonly groupEnded: typeof groupEnded;
  readonly isGroupAwaited: typeof isGroupAwaited;
  readonly killLeftovers: (runIds: ReadonlySet<string>, options: { graceMs: number }) => Promise<unknown>;
}

const MACHINE: ProcessGround = { clock: systemClock, signalGroup, groupEnded, isGroupAwaited, killLeftovers };

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
 * later; processes that left the group are found by the run id in their environment. So it does when the
 * spawner is lost, which alone could have said how the program ended. Never rejects.
 */
export async function runCommand(command: Command, ground: ProcessGround = MACHINE): Promise<CommandEnd> {
  let started: StartedProcess;
  try {
    started = await command.start();
  } catch (error) {
    return error instanceof SpawnerLostError ? await lost(command, ground) : { started: false, error };
  }
  using stopper = new Stopper(started.pid, command, ground);
  const end = await Promise.race([started.ended, stopper.gaveUp.promise]);
  if (end === 'lost') stopper.stop('lost');
  const isOver = await ground.groupEnded(started.pid, {
    isOver: () => stopper.hasGivenUp,
    heldFiles: () => (stopper.stopped === undefined ? command.outputNames() : undefined),
  });
  // From here on the group's number may belong to others.
  stopper[Symbol.dispose]();
  const { stopped, shortage } = stopper;
  if (stopped !== undefined) await ground.killLeftovers(new Set([command.runId]), { graceMs: KILL_AFTER_MS });
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
async function lost({ runId }: Command, ground: ProcessGround): Promise<CommandEnd> {
  await ground.killLeftovers(new Set([runId]), { graceMs: KILL_AFTER_MS });
  return { started: true, ...UNKNOWN, stopped: 'lost', shortage: undefined, isOver: true };
}

/** Ends a process group once, at its time-out, when the signal is aborted or something runs short, whichever comes first. */
class Stopper implements Disposable {
  readonly #groupId: number;
  readonly #outputNames: Command['outputNames'];
  readonly #abortSignal: AbortSignal;
  readonly #ground: ProcessGround;
  readonly #cancels: Array<() => void> = [];
  /** Resolves when the processes outlived KILL. */
  readonly gaveUp = Promise.withResolvers<undefined>();
  #isDisposed = false;
  stopped: StopCause | undefined;
  shortage: string | undefined;
  hasGivenUp = false;

  constructor(groupId: number, command: Command, ground: ProcessGround) {
    const { timeoutMs, signal, findShortage } = command;
    this.#groupId = groupId;
    this.#outputNames = command.outputNames;
    this.#ground = ground;
    this.#abortSignal = signal;
    if (timeoutMs !== undefined) this.#after(timeoutMs, () => void this.#stopAwaited('timed-out'));
    this.#lookForShortage(findShortage);
    signal.addEventListener('abort', this.#abort);
    if (signal.aborted) this.#abort();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#abortSignal.removeEventListener('abort', this.#abort);
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /**
   * Stops what still runs. Of what has ended by itself the node may not have heard yet: one that was frozen hears of its timers
   * first, and a cancellation may come in the moment between.
   */
  async #stopAwaited(cause: StopCause, shortage?: string): Promise<void> {
    const { clock } = this.#ground;
    await wait(clock, 0);
    while (!this.#isDisposed && this.stopped === undefined) {
      const isAwaited = await this.#ground.isGroupAwaited(this.#groupId, this.#outputNames());
      if (this.#isDisposed) return;
      if (isAwaited) {
        this.shortage ??= shortage;
        return this.stop(cause);
      }
      await wait(clock, LOOK_AGAIN_MS);
    }
  }

  readonly #abort = (): void => void this.#stopAwaited('aborted');

  #lookForShortage(find: () => Promise<string | undefined>): void {
    const look = async () => {
      const shortage = await find().catch(() => undefined);
      if (shortage !== undefined) await this.#stopAwaited('shortage', shortage);
    };
    this.#cancels.push(this.#ground.clock.every(LOOK_EVERY_MS, () => void look()));
  }

  stop(cause: StopCause): void {
    if (this.stopped !== undefined) return;
    const isThere = this.#ground.signalGroup(this.#groupId, 'SIGTERM');
    if (isThere || cause === 'lost') this.stopped = cause;
    if (!isThere) return;
    this.#after(KILL_AFTER_MS, () => {
      this.#ground.signalGroup(this.#groupId, 'SIGKILL');
      this.#after(GIVE_UP_AFTER_MS, () => {
        this.hasGivenUp = true;
        this.gaveUp.resolve(undefined);
      });
    });
  }

  #after(ms: number, work: () => void): void {
    this.#cancels.push(this.#ground.clock.after(ms, work));
  }
}
