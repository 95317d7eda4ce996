import { type ChildProcess, spawn } from 'node:child_process';

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

/** What is to be started, and the descriptors that its output goes to. */
export interface ProcessStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string | undefined;
  readonly stdout: number;
  readonly stderr: number;
}

/** Starts a process from here, without the spawner. Throws the system's error where it cannot be started. */
export async function startProcess({
  args,
  env,
  folder,
  stdout,
  stderr,
}: ProcessStart): Promise<StartedProcess> {
  const child = spawn(args[0]!, args.slice(1), {
    detached: true,
    stdio: ['ignore', stdout, stderr],
    env: env as NodeJS.ProcessEnv,
    cwd: folder,
  });
  if (child.pid === undefined) throw await errorOf(child);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  return { pid: child.pid, ended };
}

function errorOf(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => {
    child.once('error', resolve);
  });
}
