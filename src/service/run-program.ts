import { spawn } from 'node:child_process';

/** How a program ended, with what it printed. */
export interface ProgramResult {
  /** 127 where it could not be started. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never throws. */
export type RunProgram = (command: string, args: readonly string[]) => Promise<ProgramResult>;

const NOT_THERE = 127;
const TIMEOUT_MS = 60_000;

/** Runs a program of this machine, a minute at most. */
export const runProgram: RunProgram = (command, args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', (error) => resolve({ exitCode: NOT_THERE, stdout: '', stderr: error.message }));
    child.once('close', (code) => resolve({ exitCode: code ?? 1, ...output }));
  });
