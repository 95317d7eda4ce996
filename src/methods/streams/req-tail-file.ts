import { resolve } from 'node:path';
import { deadlineIn, systemClock } from '../../lib/clock.ts';
import { followFile } from '../../lib/follow-file.ts';
import { FollowError } from '../../lib/followed-file.ts';
import { systemFault } from '../../lib/system-fault.ts';
import type { Message } from '../../message/message.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import { type RunMethod, required } from '../method.ts';
import { abortedState, describeTimeout, methodTimeoutMs } from '../method-timeout.ts';
import { ReplyStream, type ReplyStreamDeps } from './reply-stream.ts';

export interface TailFileOptions {
  /** Where relative paths begin; the node's own working folder unless told. */
  readonly workingFolder?: string;
  /** For messages that carry no methodTimeout (s). */
  readonly defaultMethodTimeout: number;
}

export interface TailFileDeps extends ReplyStreamDeps {
  /** Follows a file; the machine's own way unless told. */
  readonly follow?: typeof followFile;
}

/**
 * REQTailFile (EventACK): sends the lines that are added to a file.
 *
 * Arguments: the path of the file; a relative one begins at the node's working folder. Lines count from the file's end
 * at the moment of the start. The path is followed: through rotation by rename (the old file is read until it has been
 * quiet for a second, at most 10 s) and by truncation; a file that does not exist is waited for, and read from its
 * start when it comes.
 *
 * Replies: whole lines in order, batched as for REQCliCommandCont. A last line without its end comes at the end.
 *
 * Ends after methodTimeout seconds with the state `succeeded`, and a notice to errorCentral (-1: goes on until it is cancelled or the node stops).
 * Where there was no file in all that time the state is `timed-out`. A folder, another thing that is no file and a
 * file that may not be read are `failed` with the reason; one that appears later has 10 s to become readable.
 * Where replies can't be queued as fast as the file grows, it is read later: nothing is held in memory.
 */
export function createReqTailFile(options: TailFileOptions, deps: TailFileDeps): RunMethod {
  return {
    name: 'REQTailFile',
    kind: 'EventACK',
    mode: 'run',
    isOpenEnded: true,
    summary: 'Sends the lines that are added to a file.',
    args: [required('methodArgs[0]', 'file', 'Path of the file to follow', '/var/log/syslog')],
    check: pathFault,
    run: (call) => run(call, { ...options, ...deps }),
  };
}

function pathFault({ methodArgs }: Message): string | undefined {
  if (!methodArgs?.[0]) return 'methodArgs is empty: its first item is the path of the file to follow';
  return methodArgs[0].includes('\0') ? 'the path contains a NUL character' : undefined;
}

type TailDeps = TailFileOptions & TailFileDeps;

async function run(call: RunCall, deps: TailDeps): Promise<RunResult> {
  const { message, signal } = call;
  const fault = pathFault(message);
  if (fault !== undefined) return failed(fault, {});
  const path = resolve(deps.workingFolder ?? '.', message.methodArgs![0]!);
  using output = new ReplyStream(call, deps);
  const { clock = systemClock, follow = followFile } = deps;
  using deadline = deadlineIn(methodTimeoutMs(message, deps.defaultMethodTimeout), clock);
  const over = AbortSignal.any([signal, deadline.signal]);
  const isMissing = () => call.progress(`${path} does not exist yet, and is waited for`);
  try {
    const { wasFound } = await follow({ path, signal: over, isMissing }, output);
    const sent = await output.end();
    if (signal.aborted)
      return { state: abortedState(signal), ...sent, reason: `${path} is no longer followed` };
    const limit = describeTimeout(message);
    if (!wasFound)
      return {
        ...{ state: 'timed-out', ...sent },
        reason: `method timeout reached: there was no file ${path} within ${limit}`,
      };
    const reason = `method timeout reached: ${path} was followed until ${limit}`;
    const info = `info: methodREQTailFile: method timeout reached, methodArgs: [${message.methodArgs?.join(' ')}]`;
    return { state: 'succeeded', ...sent, reason, error: info };
  } catch (error) {
    if (error instanceof FollowError) return failed(error.message, await output.end());
    if (!signal.aborted)
      return failed(`${path} can't be followed: ${systemFault(error)}`, await output.end());
    return { state: abortedState(signal), reason: `lines could not be queued: ${systemFault(error)}` };
  }
}

function failed(reason: string, sent: Pick<RunResult, 'outputBytes' | 'reply'>): RunResult {
  return { state: 'failed', outputBytes: 0, ...sent, reason, error: `error: methodREQTailFile: ${reason}` };
}
