import { REQUEST_ID_VARIABLE } from '../lib/kill-leftovers.ts';
import type { Message } from '../message/message.ts';
import { fillCommand } from './command-data.ts';
import { describeFailure, describeStart, failureReport } from './command-report.ts';
import type { RunCall, RunMethod, RunResult } from './method.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import { Spool } from './spool.ts';

const STDERR_TAIL_BYTES = 4096;
const MAX_REPLY_IN_MEMORY = 512 * 1024;

export interface CliCommandOptions {
  /** Where output goes while a command runs. */
  readonly spoolFolder: string;
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where commands run; the node's own working folder unless told. */
  readonly workingFolder?: string;
  /** For messages that carry no methodTimeout (s). */
  readonly defaultMethodTimeout: number;
}

/**
 * REQCliCommand (CommandACK): runs a program and replies with what it printed.
 *
 * Arguments: the program, then its arguments; no shell but the one that is named. `{{STEWARD_DATA}}` and
 * `{{STEWARD_DATA_FILE}}` in them bring in the message's data (see `fillCommand`), which makes it useful as a
 * reply method too. The program gets the node's environment, STEWARD_REQUEST_ID, and an empty stdin.
 *
 * It has ended when its whole process group has, so a process left in the background is waited for, and is
 * ended with the rest after methodTimeout seconds (-1: no limit): TERM, and KILL 2 s later.
 *
 * Reply: stdout, byte for byte, also of a command that failed or was ended; a file when it is above 512 KB.
 * Exit code, signal and the end of stderr are in the result. What goes wrong, a program that does not exist
 * included, is the state `failed` with a reason, and an error report in the reference's words.
 */
export function createReqCliCommand(options: CliCommandOptions): RunMethod {
  // Reading process.env is slow, and this is read for every command.
  const own = { ...options, env: { ...options.env } };
  return {
    name: 'REQCliCommand',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Runs a program and replies with what it printed.',
    check: checkArguments,
    run: (call) => run(call, own),
  };
}

function checkArguments({ methodArgs }: Message): string | undefined {
  if (!methodArgs?.[0]) return 'methodArgs is empty: its first item is the program to run';
  return methodArgs.some((arg) => arg.includes('\0')) ? 'methodArgs contains a NUL character' : undefined;
}

async function run(call: RunCall, options: CliCommandOptions): Promise<RunResult> {
  const fault = checkArguments(call.message);
  if (fault !== undefined) return failedToStart(call.message, new Error(fault));
  if (call.signal.aborted) return { state: abortedState(call.signal), reason: 'it had not been started' };
  using spool = new Spool(options.spoolFolder);
  try {
    const end = await start(call, options, spool);
    return end.started ? resultOf(call, end, spool) : failedToStart(call.message, end.error);
  } catch (error) {
    return failedToStart(call.message, error);
  }
}

function start(call: RunCall, options: CliCommandOptions, spool: Spool): Promise<CommandEnd> {
  const { methodArgs, data, methodTimeout } = call.message;
  const { args, variables } = fillCommand(methodArgs!, data ?? [], (bytes) => spool.writeData(bytes));
  const seconds = methodTimeout === 0 ? options.defaultMethodTimeout : methodTimeout;
  return runCommand({
    args,
    env: { ...options.env, ...variables, [REQUEST_ID_VARIABLE]: call.id },
    folder: options.workingFolder,
    requestId: call.id,
    timeoutMs: seconds < 0 ? undefined : seconds * 1000,
    signal: call.signal,
    stdout: spool.open('out'),
    stderr: spool.open('err'),
  });
}

function resultOf(
  { message, signal }: RunCall,
  end: CommandEnd & { started: true },
  spool: Spool,
): RunResult {
  const outputBytes = spool.size('out');
  const stderrBytes = spool.size('err');
  const stderrTail =
    stderrBytes === 0 ? undefined : spool.read('err', Math.max(0, stderrBytes - STDERR_TAIL_BYTES));
  const facts = {
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.signal !== undefined && { signal: end.signal }),
    ...(stderrTail !== undefined && { stderrTail }),
    outputBytes,
    reply:
      outputBytes <= MAX_REPLY_IN_MEMORY
        ? spool.read('out', 0)
        : { path: spool.keep('out'), bytes: outputBytes },
  };
  if (end.stopped === undefined && end.exitCode === 0) return { state: 'succeeded', ...facts };
  return {
    state: stateOf(end, signal),
    ...facts,
    reason: describeFailure(end, message),
    error: failureReport(end, message, stderrTail),
  };
}

function stateOf({ stopped }: CommandEnd & { started: true }, signal: AbortSignal): RunResult['state'] {
  if (stopped === 'timed-out') return 'timed-out';
  return stopped === 'aborted' ? abortedState(signal) : 'failed';
}

function abortedState(signal: AbortSignal): 'cancelled' | 'interrupted' {
  return (signal.reason as { code?: unknown } | undefined)?.code === 'cancelled'
    ? 'cancelled'
    : 'interrupted';
}

function failedToStart(message: Message, error: unknown): RunResult {
  return { state: 'failed', outputBytes: 0, reply: new Uint8Array(0), ...describeStart(message, error) };
}
