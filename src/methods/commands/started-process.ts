import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { systemClock, wait } from '../../lib/clock.ts';
import { errorCode } from '../../lib/system-fault.ts';

/** How a process ended: by itself or a signal, or nobody knows, as who waited for it has gone. */
export type ProcessEnd =
  | { readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }
  | 'lost';

/** A process that runs in a group of its own. */
export interface StartedProcess {
  /** Also the number of its group. */
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
}

/** The process that starts commands went away: whether this one was started, nobody knows. */
export class SpawnerLostError extends Error {
  override name = 'SpawnerLostError';
  readonly code = 'spawner-lost';
}

/** A program that is to be started, and the named pipes that its output goes to. */
export interface ProcessStart {
  readonly args: readonly string[];
  /** What its environment has besides that of all commands. */
  readonly variables: Readonly<Record<string, string>>;
  readonly folder: string | undefined;
  readonly stdout: string;
  /** The same as `stdout` where both go one way. */
  readonly stderr: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Starts a process from here, without the spawner. Throws the system's error where it cannot be started. */
export async function startProcess(start: ProcessStart, env: Env): Promise<StartedProcess> {
  const child = spawnInto(start, env);
  if (child.pid === undefined) throw await errorOf(child);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return { pid: child.pid, ended };
}

/** Starts a process with the writing ends of its pipes. Where it cannot be started it has no pid, and its error follows. */
export function spawnInto({ args, variables, folder, stdout, stderr }: ProcessStart, env: Env): ChildProcess {
  const out = openWriter(stdout);
  let err = out;
  try {
    if (stderr !== stdout) err = openWriter(stderr);
    return spawn(args[0]!, args.slice(1), {
      detached: true,
      stdio: ['ignore', out, err],
      env: { ...env, ...variables } as NodeJS.ProcessEnv,
      cwd: folder,
    });
  } finally {
    closeSync(out);
    if (err !== out) closeSync(err);
  }
}

/** Never waits for a reader, who may have gone. */
function openWriter(path: string): number {
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    return openSync(path, constants.O_WRONLY);
  } finally {
    closeSync(both);
  }
}

function errorOf(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => {
    child.once('error', resolve);
  });
}

/** What is full, by the system's code, when a process cannot be begun that can be once others have ended. */
const FULL = new Map([
  [
    'EAGAIN',
    'its node may begin no more processes (EAGAIN: ulimit -u, TasksMax=); it begins once one of them has ended',
  ],
  [
    'EMFILE',
    'its node may open no more files (EMFILE: ulimit -n, LimitNOFILE=); it begins once some are closed',
  ],
  ['ENFILE', 'its machine may open no more files (ENFILE: fs.file-max); it begins once some are closed'],
]);

/** Why something could not be begun, where that passes once others have ended. */
function shortageOf(error: unknown): string | undefined {
  return FULL.get(errorCode(error) ?? errorCode((error as Error).cause) ?? '');
}

/** What is begun at once; undefined where too much is open or runs. */
export function ifRoom<T>(start: () => T): T | undefined {
  try {
    return start();
  } catch (error) {
    if (shortageOf(error) === undefined) throw error;
    return undefined;
  }
}

/** How long it is waited for a process to end somewhere, so that there is room for this one, ms. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [100, 2000];

/**
 * Does what takes a new process, or a file to be opened for it; where there may be no more of them, as soon as there may. Throws the
 * system's error where that does not pass, lasts for `timeoutMs`, or until the signal is aborted. `onWait` is called once, with the
 * reason, when it begins to wait.
 */
export async function withProcessRoom<T>(
  start: () => T | Promise<T>,
  limits: {
    readonly timeoutMs: number | undefined;
    readonly signal: AbortSignal;
    onWait(reason: string): void;
  },
): Promise<T> {
  const { timeoutMs = Number.POSITIVE_INFINITY, signal, onWait } = limits;
  const until = systemClock.steadyNow() + timeoutMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await start();
    } catch (error) {
      const leftMs = until - systemClock.steadyNow();
      const reason = shortageOf(error);
      if (reason === undefined || signal.aborted || leftMs <= 0) throw error;
      if (waitMs === FIRST_WAIT_MS) onWait(reason);
      await wait(systemClock, Math.min(waitMs, leftMs), signal);
    }
  }
}
