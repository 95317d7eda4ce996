import { systemFault } from '../lib/system-fault.ts';
import type { RunCall, RunResult } from '../message/method-work.ts';
import { COMMAND_ARGUMENTS } from './arguments.ts';
import {
  argumentsFault,
  type CommandOptions,
  commandOf,
  commandState,
  failedToStart,
} from './command-call.ts';
import { describeFailure, failureReport, timeReport } from './command-report.ts';
import type { RunMethod } from './method.ts';
import { abortedState, describeTimeout } from './method-timeout.ts';
import { openOutputPipe } from './output-pipe.ts';
import { ReplyStream, type ReplyStreamDeps } from './reply-stream.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import { Spool } from './spool.ts';
import { startProcess } from './started-process.ts';

const TAIL_BYTES = 4096;

/**
 * REQCliCommandCont (CommandACK): runs a program and replies with what it prints while it runs.
 *
 * Arguments, environment and the end of the command are those of REQCliCommand, but that the output goes through one
 * pipe, stdout and stderr in the order in which they were written.
 *
 * Replies: whole lines, byte for byte, newlines kept, in order; a batch of lines in each reply, within 0.1 s after the
 * first of them or when there are 256 KB. A longer line comes in several replies. A last line without a newline comes
 * when the command ends. A command that prints nothing sends no reply. What comes faster than replies can be queued
 * stays in the pipe, and the command waits, as it does while the disk is nearly full (see REQCliCommand).
 *
 * The result is as for REQCliCommand; where it failed, stderrTail is the end of all its output. At methodTimeout (-1: no
 * limit) the command and its group are ended. The state is `timed-out` then, as timeout(1) has it: it is not known
 * whether the command would have come to its end. The reference reports this as info, not as an error, and so does this.
 */
export function createReqCliCommandCont(options: CommandOptions, deps: ReplyStreamDeps): RunMethod {
  const own = { ...deps, ...options, env: { ...options.env } };
  return {
    name: 'REQCliCommandCont',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Runs a program and replies with what it prints while it runs.',
    args: COMMAND_ARGUMENTS,
    check: argumentsFault,
    run: (call) => run(call, own),
  };
}

async function run(call: RunCall, options: CommandOptions & ReplyStreamDeps): Promise<RunResult> {
  const fault = argumentsFault(call.message);
  if (fault !== undefined) return failedToStart(call.message, new Error(fault));
  using spool = new Spool(options.spoolFolder);
  try {
    using pipe = await openOutputPipe(spool.reserve('fifo'));
    if (call.signal.aborted) return { state: abortedState(call.signal), reason: 'it had not been started' };
    const output = new ReplyStream(call, options);
    const tail = new Tail();
    const { program, command } = commandOf(call, options, spool);
    const env = { ...options.env, ...program.variables };
    const running = runCommand({
      ...command,
      start: () => startProcess({ ...program, env, stdout: pipe.writer, stderr: pipe.writer }),
      outputNames: () => pipe.names,
    });
    pipe.read(async (piece) => {
      tail.add(piece);
      await output.write(piece);
    });
    const end = await running;
    if (!end.started) return failedToStart(call.message, end.error);
    await pipe.finish();
    return resultOf(call, end, { ...(await output.end()), tail: tail.bytes });
  } catch (error) {
    if (!call.signal.aborted) return failedToStart(call.message, error);
    return {
      state: abortedState(call.signal),
      reason: `its output could not be queued: ${systemFault(error)}`,
    };
  }
}

function resultOf(
  { message, signal }: RunCall,
  end: CommandEnd & { started: true },
  { tail, ...output }: { outputBytes: number; reply?: Uint8Array; tail: Uint8Array },
): RunResult {
  const facts = {
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.signal !== undefined && { signal: end.signal }),
    ...output,
  };
  if (end.stopped === undefined && end.exitCode === 0) return { state: 'succeeded', ...facts };
  const state = commandState(end, signal);
  if (state === 'timed-out' && end.isOver) {
    const reason = `the command ran until ${describeTimeout(message)} and was then ended; what it had printed was sent`;
    return { state, ...facts, reason, error: timeReport(message) };
  }
  return {
    state,
    ...facts,
    reason: describeFailure(end, message),
    error: failureReport(end, message, tail),
    ...(tail.length > 0 && { stderrTail: tail, stderrBytes: 0 }),
  };
}

/** Keeps the last 4 KB of what it is given. */
class Tail {
  #bytes: Uint8Array = new Uint8Array(0);

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(-TAIL_BYTES), piece.subarray(-TAIL_BYTES)]).subarray(
      -TAIL_BYTES,
    );
  }
}
