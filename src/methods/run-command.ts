import { type ChildProcess, spawn } from 'node:child_process';
import { descriptorName } from '../lib/descriptor-name.ts';
import { killLeftovers } from '../lib/kill-leftovers.ts';
import { longTimeout } from '../lib/long-timeout.ts';
import { groupEnded, signalGroup } from '../lib/process-group.ts';

/** How long a command has between TERM and KILL, and how long KILL may take until we stop waiting. */
const KILL_AFTER_MS = 2000;
const GIVE_UP_AFTER_MS = 3000;
const LOOK_EVERY_MS = 1000;

export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string | undefined;
  readonly requestId: string;
  /** Undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  /** Descriptors that its output goes to. */
  readonly stdout: number;
  readonly stderr: number;
  /** What `descriptorName` says of the files that it writes to; for descriptors that don't stay open until its end. */
  readonly outputNames?: ReadonlySet<string>;
  /** Asked every second: why the command may not go on, or undefined. */
  findShortage?(): Promise<string | undefined>;
}

type StopCause = 'timed-out' | 'aborted' | 'shortage';

/** How a command ended. */
export type CommandEnd =
  | { readonly started: false; readonly error: unknown }
  | {
      readonly started: true;
      readonly exitCode: number | undefined;
      readonly signal: NodeJS.Signals | undefined;
      /** Why it was ended before its own end; undefined when it ended by itself. */
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
 * later; processes that left the group are found by the request id in their environment. Never rejects.
 */
export async function runCommand(command: Command): Promise<CommandEnd> {
  let child: ChildProcess;
  try {
    child = start(command);
  } catch (error) {
    return { started: false, error };
  }
  const exit = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', (error) => child.pid === undefined && resolve({ error }));
  });
  if (child.pid === undefined) return { started: false, error: ((await exit) as { error: unknown }).error };
  using stopper = new Stopper(child.pid, command);
  const end = (await Promise.race([exit, stopper.gaveUp])) ?? { exitCode: null, signal: null };
  const isOver = await groupEnded(child.pid, {
    isOver: () => stopper.hasGivenUp,
    heldFiles: () => (stopper.stopped === undefined ? namesOfOutputs(command) : undefined),
  });
  // From here on the group's number may belong to others.
  stopper[Symbol.dispose]();
  const { stopped, shortage } = stopper;
  if (stopped !== undefined) await killLeftovers(new Set([command.requestId]), KILL_AFTER_MS);
  const { exitCode, signal } = end as { exitCode: number | null; signal: NodeJS.Signals | null };
  return {
    started: true,
    exitCode: exitCode ?? undefined,
    signal: signal ?? undefined,
    stopped,
    shortage,
    isOver,
  };
}

type Exit = { exitCode: number | null; signal: NodeJS.Signals | null } | { error: unknown };

function start({ args, env, folder, stdout, stderr }: Command): ChildProcess {
  return spawn(args[0]!, args.slice(1), {
    detached: true,
    stdio: ['ignore', stdout, stderr],
    env: env as NodeJS.ProcessEnv,
    cwd: folder,
  });
}

function namesOfOutputs({ stdout, stderr, outputNames }: Command): ReadonlySet<string> | undefined {
  if (outputNames) return outputNames;
  const names = [stdout, stderr].flatMap((descriptor) => descriptorName(descriptor) ?? []);
  return names.length === 0 ? undefined : new Set(names);
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
    if (timeoutMs !== undefined) this.#cancels.push(longTimeout(timeoutMs, () => this.#stop('timed-out')));
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

  readonly #abort = (): void => this.#stop('aborted');

  #lookForShortage(find: () => Promise<string | undefined>): void {
    const timer = setInterval(async () => {
      const shortage = await find().catch(() => undefined);
      if (shortage === undefined || this.stopped !== undefined || this.#isDisposed) return;
      this.shortage = shortage;
      this.#stop('shortage');
    }, LOOK_EVERY_MS);
    this.#cancels.push(() => clearInterval(timer));
  }

  #stop(cause: StopCause): void {
    if (this.stopped !== undefined || !signalGroup(this.#groupId, 'SIGTERM')) return;
    this.stopped = cause;
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
