import { errorCode, systemFault } from '../../lib/system-fault.ts';
import { askedCommand } from '../../message/asked-command.ts';
import type { Message } from '../../message/message.ts';
import { canonicalMethod } from '../../message/names.ts';
import { describeTimeout } from '../method-timeout.ts';
import { CommandDataError } from './command-data.ts';
import type { CommandEnd } from './run-command.ts';

type Ended = Extract<CommandEnd, { started: true }>;

const MAX_ARGUMENTS_TEXT = 4096;
const LOST =
  'the process of the node that had started the command ended, and the command was ended too; it is not run again';

/** Names of signals as the reference prints them. */
const SIGNAL_TEXT: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGALRM: 'alarm clock',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
};

/** Why a command did not succeed, as a sentence for the one who sent it. */
export function describeFailure(end: Ended, message: Message): string {
  const left = end.isOver ? '' : '; some of its processes still run, for even KILL did not end them';
  if (end.stopped === 'timed-out') {
    return `the command ran for longer than ${describeTimeout(message)} and was ended${left}`;
  }
  if (end.stopped === 'aborted') return `the command was ended while it ran${left}`;
  if (end.stopped === 'lost') return `${LOST}${left}`;
  if (end.stopped === 'shortage') return `the command was ended because ${end.shortage}${left}`;
  return `the command ended with ${statusText(end)}`;
}

/** The error report on a command that ran, in the reference's words; the reporter adds the line's end. */
export function failureReport(end: Ended, message: Message, stderrTail: Uint8Array): string {
  const output = Buffer.from(stderrTail).toString();
  const args = argumentsText(message);
  if (end.stopped === 'timed-out') {
    return `error: ${methodText(message)}: method timed out, methodArgs: ${args}, error_output: ${output}`;
  }
  const status = reportedStatus(end);
  return `error: ${methodText(message)}: cmd.Run failed : ${status}, methodArgs: ${args}, error_output: ${output}`;
}

/** What the reference reports on a command that goes on until its time is over, which is no error to it. */
export function timeReport(message: Message): string {
  return `info: ${methodText(message)}: method timeout reached, canceling: methodArgs: ${argumentsText(message)}`;
}

/** The same two texts for a command that could not be started. */
export function describeStart(message: Message, error: unknown): { reason: string; error: string } {
  const reason = startFault(message.methodArgs?.[0] ?? '', error);
  const report = `error: ${methodText(message)}: cmd.Run failed : ${reason}, methodArgs: ${argumentsText(message)}, error_output: `;
  return { reason, error: report };
}

function startFault(program: string, error: unknown): string {
  if (error instanceof CommandDataError) return error.message;
  const { syscall } = error as { syscall?: string };
  if (syscall?.startsWith('spawn') === false)
    return `it was not run, as the files for its data and output could not be made: ${systemFault(error)}`;
  switch (errorCode(error)) {
    case 'ENOENT':
      return program.includes('/')
        ? `the program ${program} does not exist, or the interpreter it names, or the working folder`
        : `exec: "${program}": executable file not found in $PATH`;
    case 'EACCES':
      return `the program ${program} may not be executed: permission denied`;
    case 'E2BIG':
      return `the arguments and the environment of ${program} are larger than the system allows`;
    case 'ENOEXEC':
      return `the program ${program} is in no format that this system can execute`;
    default:
      return systemFault(error);
  }
}

function methodText({ method }: Message): string {
  return `method${canonicalMethod(method)}`;
}

function reportedStatus(end: Ended): string {
  if (end.stopped === 'aborted' || end.stopped === 'lost') return 'stopped';
  return end.stopped === 'shortage' ? `stopped, ${end.shortage}` : statusText(end);
}

function statusText({ exitCode, signal }: Ended): string {
  if (signal !== undefined) return `signal: ${SIGNAL_TEXT[signal] ?? signal}`;
  return `exit status ${exitCode ?? 'unknown'}`;
}

function argumentsText({ methodArgs }: Message): string {
  const text = `[${askedCommand(methodArgs ?? []).join(' ')}]`;
  return text.length <= MAX_ARGUMENTS_TEXT ? text : `${text.slice(0, MAX_ARGUMENTS_TEXT)}...`;
}
