import { createConnection, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { type Clock, deadlineIn, wait } from '../../lib/clock.ts';
import { errorCode, systemFault } from '../../lib/system-fault.ts';
import { isTemporary, TemporaryError } from '../../lib/temporary-error.ts';
import type { Message } from '../../message/message.ts';
import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { type EffectMethod, required } from '../method.ts';

const TIMEOUT_MS = 5000;
/** How long a listener has to close its side when it got all. */
const CLOSE_MS = 250;
const BUSY_AGAIN_MS = 50;
/** What the address of a unix socket has room for on Linux; macOS has 103. */
const MAX_PATH_BYTES = 107;

export interface ToSocketOptions {
  /** Where relative paths begin; the node's own working folder unless told. */
  readonly workingFolder?: string;
  /** How long one message may take; 5 s unless told. */
  readonly timeoutMs?: number;
}

/** Writes data to a unix socket, one item after the other; resolves when the system has taken all of it. */
export type WriteToSocket = (
  path: string,
  data: readonly Uint8Array[],
  until: { readonly clock: Clock; readonly deadline: AbortSignal },
) => Promise<void>;

export interface ToSocketDeps {
  readonly clock: Clock;
  /** The machine's own way unless told. */
  readonly writeToSocket?: WriteToSocket;
}

/**
 * REQToSocket (EventACK): writes data to a unix socket; made for replies.
 *
 * Arguments: the path of the socket, given in the request as replyMethodArgs; a relative one begins at the node's working
 * folder. Each message gets a connection of its own: the items of `data` are written one after the other, as they are,
 * and the connection's writing side is closed. What the listener answers is read and dropped.
 *
 * Answered when the system has taken every byte, or refused with the reason: nobody listens, no such socket, closed
 * before it had all, 5 s gone by. The messages that came with one that ran out of time, for the same socket, are refused
 * with it. A node that crashes right after writing writes again: a socket does not tell what was read.
 */
export function createReqToSocket(options: ToSocketOptions, deps: ToSocketDeps): EffectMethod {
  return {
    name: 'REQToSocket',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Writes data to a unix socket.',
    args: [
      required('methodArgs[0]', 'socket', 'Path of the unix socket', '/run/collector.sock'),
      required('data', 'data', 'What is written, byte for byte', 'hello\n'),
    ],
    check: pathFault,
    apply: (batch) => writeAll(batch, { writeToSocket, ...options, ...deps }),
  };
}

function pathFault({ methodArgs }: Message): string | undefined {
  const path = methodArgs?.[0];
  if (!path)
    return 'methodArgs is empty: its first item (replyMethodArgs of the request) is the path of the socket';
  if (path.includes('\0')) return 'the path of the socket contains a NUL character';
  return Buffer.byteLength(path) > MAX_PATH_BYTES
    ? `the path of the socket is longer than the ${MAX_PATH_BYTES} bytes that the system allows`
    : undefined;
}

type Own = ToSocketOptions & Required<ToSocketDeps>;

async function writeAll(batch: readonly Incoming[], options: Own): Promise<Outcome[]> {
  const stuck = new Map<string, Written>();
  const outcomes: Outcome[] = [];
  for (const { message } of batch) {
    const path = resolve(options.workingFolder ?? '.', message.methodArgs?.[0] ?? '');
    const fault = pathFault(message);
    const outcome: Written =
      fault !== undefined ? refused(fault) : (stuck.get(path) ?? (await writeOne(path, message, options)));
    if (!outcome.ok && outcome.isStuck) stuck.set(path, outcome);
    outcomes.push(outcome.ok ? outcome : { ok: false, reason: outcome.reason });
  }
  return outcomes;
}

type Written =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly isStuck: boolean };

function refused(reason: string, isStuck = false): Written {
  return { ok: false, reason, isStuck };
}

async function writeOne(
  path: string,
  message: Message,
  { clock, writeToSocket, timeoutMs = TIMEOUT_MS }: Own,
): Promise<Written> {
  using deadline = deadlineIn(timeoutMs, clock);
  const until = { clock, deadline: deadline.signal };
  try {
    await whenFree(() => writeToSocket(path, message.data ?? [], until), until);
    return { ok: true };
  } catch (error) {
    if (deadline.signal.aborted)
      return refused(`the socket ${path} did not take the data within ${timeoutMs / 1000} s`, true);
    const reason = `the socket ${path} can't be written: ${describe(error)}`;
    // A listener that is only busy was tried again until the time was over.
    if (isTemporary(error)) throw new TemporaryError(reason, { cause: error });
    return refused(reason);
  }
}

/** Tries again while the listener's queue is full. */
async function whenFree(
  write: () => Promise<void>,
  { clock, deadline }: Parameters<WriteToSocket>[2],
): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN' || deadline.aborted) throw error;
      await wait(clock, BUSY_AGAIN_MS, deadline);
    }
  }
}

const writeToSocket: WriteToSocket = async (path, data, until) =>
  deliver(await connectOnce(path, until.deadline), data, until);

function connectOnce(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = createConnection({ path, allowHalfOpen: true, signal });
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      done(socket);
    });
  });
}

/** Writes all and closes the writing side, then waits a moment for the other: what it answers must not come to nobody. */
function deliver(
  socket: Socket,
  data: readonly Uint8Array[],
  { clock, deadline }: Parameters<WriteToSocket>[2],
): Promise<void> {
  return new Promise<void>((done, fail) => {
    let isWritten = false;
    socket.once('error', (error) => (isWritten ? done() : fail(error)));
    socket.once('close', () => (isWritten ? done() : fail(new Error('it was closed before it had all'))));
    socket.once('end', () => isWritten && done());
    socket.resume();
    for (const item of data) socket.write(item);
    socket.end((error?: Error | null) => {
      if (error) return fail(error);
      isWritten = true;
      void wait(clock, CLOSE_MS, deadline).then(done);
    });
  }).finally(() => socket.destroy());
}

function describe(error: unknown): string {
  switch (errorCode(error)) {
    case 'ECONNREFUSED':
      return 'nobody listens on it';
    case 'ENOENT':
      return 'there is no such socket';
    case 'ENOTSOCK':
      return 'it is no socket';
    case 'EPIPE':
    case 'ECONNRESET':
      return 'it was closed before it had all';
    default:
      return systemFault(error);
  }
}
