import { type ChildProcess, spawn } from 'node:child_process';
import { killLeftovers } from '../lib/kill-leftovers.ts';
import { longTimeout } from '../lib/long-timeout.ts';
import { groupEnded, signalGroup } from '../lib/process-group.ts';

/** How long a command has between TERM and KILL, and how long KILL may take until we stop waiting. */
const KILL_AFTER_MS = 2000;
const GIVE_UP_AFTER_MS = 3000;

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
}

/** How a command ended. */
export type CommandEnd =
  | { readonly started: false; readonly error: unknown }
  | {
      readonly started: true;
      readonly exitCode: number | undefined;
      readonly signal: NodeJS.Signals | undefined;
      /** Why it was ended before its own end; undefined when it ended by itself. */
      readonly stopped: 'timed-out' | 'aborted' | undefined;
      /** False when processes of it still run, which even KILL didn't end. */
      readonly isOver: boolean;
    };

/**
 * Runs a program in a process group of its own and resolves when every process of that group has ended.
 *
 * After `timeoutMs`, or when the signal is aborted, the whole group gets TERM, and KILL 2 s later; processes that
 * left the group are found by the request id in their environment. Never rejects.
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
  const isOver = await groupEnded(child.pid, () => stopper.hasGivenUp);
  // From here on the group's number may belong to others.
  stopper[Symbol.dispose]();
  const { stopped } = stopper;
  if (stopped !== undefined) await killLeftovers(new Set([command.requestId]), KILL_AFTER_MS);
  const { exitCode, signal } = end as { exitCode: number | null; signal: NodeJS.Signals | null };
  return { started: true, exitCode: exitCode ?? undefined, signal: signal ?? undefined, stopped, isOver };
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

/** Ends a process group once, at its time-out or when the signal is aborted, whichever comes first. */
class Stopper implements Disposable {
  readonly #groupId: number;
  readonly #abortSignal: AbortSignal;
  readonly #cancels: Array<() => void> = [];
  readonly #gaveUp = Promise.withResolvers<undefined>();
  stopped: 'timed-out' | 'aborted' | undefined;
  hasGivenUp = false;

  constructor(groupId: number, { timeoutMs, signal }: Command) {
    this.#groupId = groupId;
    this.#abortSignal = signal;
    if (timeoutMs !== undefined) this.#cancels.push(longTimeout(timeoutMs, () => this.#stop('timed-out')));
    signal.addEventListener('abort', this.#abort);
    if (signal.aborted) this.#abort();
  }

  /** Resolves when the processes outlived KILL. */
  get gaveUp(): Promise<undefined> {
    return this.#gaveUp.promise;
  }

  [Symbol.dispose](): void {
    this.#abortSignal.removeEventListener('abort', this.#abort);
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  readonly #abort = (): void => this.#stop('aborted');

  #stop(cause: 'timed-out' | 'aborted'): void {
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
