import { LastBytes } from '../../lib/last-bytes.ts';
import { systemFault } from '../../lib/system-fault.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import type { RunMethod } from '../method.ts';
import { abortedState, describeTimeout } from '../method-timeout.ts';
import { ReplyStream } from '../streams/reply-stream.ts';
import { timeReport } from './command-report.ts';
import {
  type CommandDeps,
  type CommandOptions,
  createCommandMethod,
  type OutputUse,
  resultOf,
} from './run-program.ts';

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
export function createReqCliCommandCont(
  options: CommandOptions,
  { diskRoom, pipes, outputs }: Pick<CommandDeps, 'diskRoom' | 'pipes' | 'outputs'>,
): RunMethod {
  // It may run for days, which a spawner need not outlive.
  const own = { diskRoom, pipes, outputs, ...options };
  return createCommandMethod({
    name: 'REQCliCommandCont',
    summary: 'Runs a program and replies with what it prints while it runs.',
    nothing: {},
    open: (call) => repliesOf(call, own),
    own,
  });
}

function repliesOf(call: RunCall, own: CommandDeps): OutputUse {
  const output = new ReplyStream(call, own);
  const last = new LastBytes(TAIL_BYTES);
  const stdout = (piece: Uint8Array) => {
    last.add(piece);
    return output.write(piece);
  };
  return {
    takers: { stdout },
    result: async (end) => {
      try {
        return withTail(call, end, { facts: await output.end(), tail: last.bytes });
      } catch (error) {
        const { signal } = call;
        const reason = `its output could not be queued: ${systemFault(error)}`;
        return { state: signal.aborted ? abortedState(signal) : 'failed', reason };
      }
    },
    [Symbol.dispose]: () => output[Symbol.dispose](),
  };
}

function withTail(
  call: RunCall,
  end: Parameters<OutputUse['result']>[0],
  output: { facts: Partial<RunResult>; tail: Uint8Array },
): RunResult {
  const { message } = call;
  const { tail } = output;
  const result = resultOf(call, end, output);
  if (result.state === 'succeeded') return result;
  if (result.state !== 'timed-out' || !end.isOver)
    return { ...result, ...(tail.length > 0 && { stderrTail: tail, stderrBytes: 0 }) };
  const reason = `the command ran until ${describeTimeout(message)} and was then ended; what it had printed was sent`;
  return { ...result, reason, error: timeReport(message) };
}
