import { REQUEST_ID_VARIABLE } from '../lib/kill-leftovers.ts';
import type { Message } from '../message/message.ts';
import type { RunCall, RunResult } from '../message/method-work.ts';
import { fillCommand } from './command-data.ts';
import { describeStart } from './command-report.ts';
import { abortedState, methodTimeoutMs } from './method-timeout.ts';
import type { Command, CommandEnd } from './run-command.ts';
import type { Spool } from './spool.ts';

export interface CommandOptions {
  /** Where output goes while a command runs. */
  readonly spoolFolder: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where commands run; the node's own working folder unless told. */
  readonly workingFolder?: string;
  /** For messages that carry no methodTimeout (s). */
  readonly defaultMethodTimeout: number;
}

/** Why a message names no program that could be run, or undefined. */
export function argumentsFault({ methodArgs }: Message): string | undefined {
  if (!methodArgs?.[0]) return 'methodArgs is empty: its first item is the program to run';
  return methodArgs.some((arg) => arg.includes('\0')) ? 'methodArgs contains a NUL character' : undefined;
}

/** The program that a message asks for, and what it gets. */
interface Program {
  readonly args: readonly string[];
  /** What its environment has besides that of all commands. */
  readonly variables: Readonly<Record<string, string>>;
  readonly folder: string | undefined;
}

/** The command that a message asks for, but for how it is started and where its output goes. */
export function commandOf(
  { id, message, signal }: RunCall,
  options: CommandOptions,
  spool: Spool,
): { program: Program; command: Omit<Command, 'start' | 'outputNames'> } {
  const { args, variables } = fillCommand(message.methodArgs!, message.data ?? [], (bytes) =>
    spool.writeData(bytes),
  );
  return {
    program: {
      args,
      variables: { ...variables, [REQUEST_ID_VARIABLE]: id },
      folder: options.workingFolder,
    },
    command: {
      requestId: id,
      timeoutMs: methodTimeoutMs(message, options.defaultMethodTimeout),
      signal,
    },
  };
}

/** The state of a command that ended other than well. */
export function commandState(end: CommandEnd & { started: true }, signal: AbortSignal): RunResult['state'] {
  if (end.stopped === 'timed-out') return 'timed-out';
  if (end.stopped === 'lost') return 'interrupted';
  return end.stopped === 'aborted' ? abortedState(signal) : 'failed';
}

/** The result of a command that could not be started. */
export function failedToStart(message: Message, error: unknown): RunResult {
  return { state: 'failed', outputBytes: 0, ...describeStart(message, error) };
}
