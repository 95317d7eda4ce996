import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openFileLimit } from '../../lib/open-file-limit.ts';

/** The variable in which the start script tells the soft limit of open files that the node was started with. */
export const OPEN_FILES_VARIABLE = 'STEWARD_OPEN_FILES';

const SCRIPT_BYTES = 256;
const ELF = '\x7fELF';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The soft limit of open files for commands: the one that the node was started with, since the engine raises its own as
 * far as it may, and programs that select(2) or that close each possible descriptor rely on a low one. Undefined where
 * it is not known, or the same as the node has.
 */
export function openFilesLimit(env: Env): number | undefined {
  // Started without the script: the limit of whoever started it, which is not known of the first process of a machine.
  const told = Number(
    env[OPEN_FILES_VARIABLE] ?? (process.ppid > 1 ? openFileLimit(process.ppid) : undefined),
  );
  if (!Number.isSafeInteger(told) || told <= 0) return undefined;
  return told < (openFileLimit() ?? 0) ? told : undefined;
}

/** Gives a running process, and what it starts from now on, the limit; where that can't be done it keeps its own. */
export async function limitProcess(pid: number, limit: number): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]).catch(() => undefined);
}

/**
 * The words that start a program with the limit. The program alone where it could not be started: the system then says
 * why, which the program in between would not.
 */
export function withLimit(
  args: readonly string[],
  limit: number,
  { env, folder }: { env: Env; folder: string | undefined },
): readonly string[] {
  const program = findProgram(args[0]!, env, folder ?? '.');
  const prlimit = findProgram('prlimit', env, '.');
  if (program === undefined || prlimit === undefined || !canRun(program)) return args;
  return [prlimit, `--nofile=${limit}:`, '--', ...args];
}

/** Where a program is that may be executed, by the PATH of an environment; undefined where it is nowhere. */
export function findProgram(name: string, env: Env, folder: string): string | undefined {
  const places = name.includes('/')
    ? [resolve(folder, name)]
    : (env.PATH ?? '').split(':').map((path) => join(path, name));
  return places.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether it is a program of the system, or a script whose interpreter is there. */
function canRun(path: string): boolean {
  try {
    const start = startOf(path);
    if (start.startsWith(ELF)) return true;
    const [, interpreter] = /^#![ \t]*([^ \t\n]+)/.exec(start) ?? [];
    return interpreter !== undefined && isExecutable(interpreter);
  } catch {
    return false;
  }
}

function startOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(SCRIPT_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
