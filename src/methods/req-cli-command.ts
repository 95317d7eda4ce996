import { descriptorNames } from '../lib/descriptor-name.ts';
import type { DiskRoom } from '../lib/disk-room.ts';
import type { Message } from '../message/message.ts';
import type { RunCall, RunResult } from '../message/method-work.ts';
import { COMMAND_ARGUMENTS } from './arguments.ts';
import {
  argumentsFault,
  type CommandOptions,
  commandOf,
  commandState,
  failedToStart,
} from './command-call.ts';
import { describeFailure, failureReport } from './command-report.ts';
import { LiveSpool } from './live-spool.ts';
import type { RunMethod } from './method.ts';
import { abortedState } from './method-timeout.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import type { Spawner } from './spawner.ts';
import { Spool } from './spool.ts';
import { startProcess } from './started-process.ts';

const STDERR_TAIL_BYTES = 4096;
const MAX_REPLY_IN_MEMORY = 512 * 1024;

/** Below this size nobody looks whether there is room for an output. */
const SMALL_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface CliCommandDeps {
  /** Says when the disk that output goes to is nearly full. */
  readonly diskRoom: Pick<DiskRoom, 'shortage'>;
  /** Starts the programs, where it is ready; it has the same environment. */
  readonly spawner: Pick<Spawner, 'isReady' | 'start'>;
}

/**
 * REQCliCommand (CommandACK): runs a program and replies with what it printed.
 *
 * Arguments: the program, then its arguments; no shell but the one that is named. `{{STEWARD_DATA}}` and
 * `{{STEWARD_DATA_FILE}}` in them bring in the message's data (see `fillCommand`), which makes it useful as a
 * reply method too. The program gets the node's environment, STEWARD_REQUEST_ID, and an empty stdin.
 *
 * It has ended when the program has, and nobody of its process group holds its output any more: in
 * `sleep 5 & tree ./` the sleep is waited for, while `nohup daemon >/dev/null 2>&1 &` returns at once and the daemon
 * lives on. (Only Linux shows who holds what; elsewhere the whole group is waited for.) A process that leaves the group
 * (setsid) is not waited for. After methodTimeout seconds (-1: no limit) the whole group is ended: TERM, and KILL 2 s
 * later. So is a command whose output goes beyond 64 MB when the disk is nearly full: less than 5 % of it free, but
 * 100 MB at least and 1 GB at most.
 *
 * Reply: stdout, byte for byte, also of a command that failed or was ended; a file when it is above 512 KB.
 * Where the sender wants to see the output while the command runs, what is new is told every 0.2 s (see LiveSpool).
 * Exit code, signal and the end of stderr are in the result. What goes wrong, a program that does not exist
 * included, is the state `failed` with a reason, and an error report in the reference's words.
 */
export function createReqCliCommand(options: CommandOptions, deps: CliCommandDeps): RunMethod {
  // Reading process.env is slow, and this is read for every command.
  const own = { ...deps, ...options, env: { ...options.env } };
  return {
    name: 'REQCliCommand',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Runs a program and replies with what it printed.',
    args: COMMAND_ARGUMENTS,
    check: argumentsFault,
    run: (call) => run(call, own),
  };
}

async function run(call: RunCall, options: CommandOptions & CliCommandDeps): Promise<RunResult> {
  const fault = argumentsFault(call.message);
  if (fault !== undefined) return notStarted(call.message, new Error(fault));
  if (call.signal.aborted) return { state: abortedState(call.signal), reason: 'it had not been started' };
  using spool = new Spool(options.spoolFolder, call.live && call.id);
  try {
    const { program, command } = commandOf(call, options, spool);
    const stdout = spool.open('out');
    const stderr = spool.open('err');
    using told = call.live && new LiveSpool(spool, call.live);
    const end = await runCommand({
      ...command,
      start: () =>
        options.spawner.isReady()
          ? options.spawner.start({ ...program, stdout: stdout.path, stderr: stderr.path })
          : startProcess({
              ...program,
              env: { ...options.env, ...program.variables },
              stdout: stdout.fd,
              stderr: stderr.fd,
            }),
      outputNames: () => descriptorNames([stdout.fd, stderr.fd]),
      findShortage: async () =>
        spool.size('out') + spool.size('err') > SMALL_OUTPUT_BYTES ? options.diskRoom.shortage() : undefined,
    });
    await told?.finish(STDERR_TAIL_BYTES);
    return end.started ? resultOf(call, end, spool) : notStarted(call.message, end.error);
  } catch (error) {
    return notStarted(call.message, error);
  }
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
    ...(stderrBytes > STDERR_TAIL_BYTES && { stderrBytes }),
    outputBytes,
    reply:
      outputBytes <= MAX_REPLY_IN_MEMORY
        ? spool.read('out', 0)
        : { path: spool.keep('out'), bytes: outputBytes },
  };
  if (end.stopped === undefined && end.exitCode === 0) return { state: 'succeeded', ...facts };
  return {
    state: commandState(end, signal),
    ...facts,
    reason: describeFailure(end, message),
    error: failureReport(end, message, stderrTail),
  };
}

function notStarted(message: Message, error: unknown): RunResult {
  return { ...failedToStart(message, error), reply: new Uint8Array(0) };
}
