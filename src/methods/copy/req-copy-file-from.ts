import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Edges } from '../../lib/edges.ts';
import { systemFault } from '../../lib/system-fault.ts';
import type { Message } from '../../message/message.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import {
  isRelaysCopy,
  type RelayedFile,
  readFetch,
  readRelayedFile,
  relayedTransfer,
} from '../../message/relayed-file.ts';
import { type RunMethod, required } from '../method.ts';
import { abortedState } from '../method-timeout.ts';
import { type CopyOrder, copyMessage, copySourceFault } from './copy-args.ts';
import { CopyProgress, describeBytes } from './copy-progress.ts';
import { CopyError, CopySource } from './copy-source.ts';
import { CopyTurns } from './copy-turns.ts';
import type { OpenChannel } from './piece-channel.ts';
import { PieceSender } from './piece-sender.ts';

/** How a message of this node's own ended: it was taken, or why it was not. */
export type Delivery = { readonly isTaken: true } | { readonly isTaken: false; readonly reason: string };

export interface CopyFileFromOptions {
  readonly nodeName: string;
  /** Where records of copies are kept, and what has no size of its own while it is sent. */
  readonly copiesFolder: string;
  /** How long a target may be silent before a copy is given up, ms. */
  readonly copyPatienceMs: number;
}

export interface CopyFileFromDeps extends Pick<Edges, 'clock' | 'files'> {
  /** Queues a message for the request `re`; resolves when its target has taken it, or never will. What is queued goes when the signal is aborted. */
  deliver(message: Message, more: { readonly re: string; readonly signal?: AbortSignal }): Promise<Delivery>;
  /** Whether a node is one of this program; undefined until it has answered something. */
  speaksLanes(node: string): boolean | undefined;
  /** The most that the broker takes at once, bytes. */
  maxPayload(): number;
  readonly openChannel: OpenChannel;
  readonly relayedFiles: {
    /** Keeps a file of the node that asks for it to be relayed, and fetches it where it is not here; it stays until that is disposed. */
    hold(
      file: RelayedFile,
      call: Pick<RunCall, 'signal' | 'progress'> & { readonly sender: string },
    ): Promise<Disposable & { readonly path: string }>;
  };
}

type Deps = CopyFileFromOptions & CopyFileFromDeps & { readonly turns: CopyTurns };

/** Up to here a file travels in one message. */
const SMALL_FILE_BYTES = 256 * 1024;
/** Room for all but the content in a message, bytes. */
const MESSAGE_ROOM = 8192;

/**
 * REQCopyFileFrom (EventACK): copies a file of this node to a path on another node.
 *
 * Arguments: the source's path, the node to copy to, the target's path there; relative paths begin at the nodes' working
 * folders. A file of up to 256 KB is sent in one REQCopyFileTo, any other in pieces, at most 2 MB ahead of the target's
 * answers; nothing of it is queued. Of what the target has already only the place is named. A reference node gets the one message, as large as the broker allows. A new file has
 * the source's mode (without setuid and setgid), one that is replaced keeps its own; it changes when the sha256 was verified.
 *
 * Copies of this node to one file go one after the other. A copy goes on where it was after a cut link and a restart of either node. methodTimeout does not limit it: it ends when it
 * is done, cancelled, refused, or the target was silent for messageTTL. A source that changes while it is read ends the
 * copy as `failed`, as do a source that can't be read and all that the target refuses; the target file is then as it was.
 *
 * Reply: the reference's line, or `error: ` and the reason. The progress is the reason of the state `running`.
 */
export function createReqCopyFileFrom(options: CopyFileFromOptions, given: CopyFileFromDeps): RunMethod {
  const deps = { ...options, ...given, turns: new CopyTurns() };
  return {
    name: 'REQCopyFileFrom',
    kind: 'EventACK',
    mode: 'run',
    isResumable: true,
    summary: 'Copies a file of this node to another node.',
    args: [
      required('methodArgs[0]', 'source', 'Path of the file on this node', '/var/log/syslog'),
      required('methodArgs[1]', 'node', 'The node to copy it to', 'central'),
      required(
        'methodArgs[2]',
        'target',
        'Path of the file there, which is replaced, or of a folder',
        '/tmp/syslog',
      ),
    ],
    check: copySourceFault,
    run: (call) => runOrRelay(call, deps),
    undo: (call) => removeThere(copyOf(call, options).call, deps),
  };
}

async function runOrRelay(asked: RunCall, deps: Deps): Promise<RunResult> {
  const { call, file } = copyOf(asked, deps);
  return await run(call, deps, file);
}

/** What is copied: of a file that is relayed, this node has asked itself for the copy. */
function copyOf<Call extends Pick<RunCall, 'message'>>(call: Call, { nodeName }: CopyFileFromOptions) {
  const { message } = call;
  const file = isRelaysCopy(message, nodeName) ? readRelayedFile(message) : undefined;
  if (!file) return { call, file };
  return {
    call: { ...call, message: { ...message, methodArgs: [file.source, file.node, file.target] } },
    file,
  };
}

async function run(call: RunCall, deps: Deps, relayed?: RelayedFile): Promise<RunResult> {
  const { message, signal } = call;
  const fault = copySourceFault(message);
  if (fault !== undefined) return failed(message, new CopyError('source', fault));
  const [source = '', node = ''] = message.methodArgs!;
  try {
    using held =
      relayed && (await deps.relayedFiles.hold(relayed, { ...call, sender: message.relayFromNode }));
    await using file = await CopySource.open(held?.path ?? resolve(source), {
      ...{ folder: deps.copiesFolder, id: call.id, files: deps.files },
      ...{ original: relayed, size: relayed?.size ?? readFetch(message)?.size },
    });
    const copy = new Copy(call, file, deps);
    await copy.run();
    const text = `info: succesfully read the file ${source}, and sent the content to ${node}\n`;
    const reason = `${describeBytes(file.size)} copied to ${node}`;
    return { state: 'succeeded', reason, outputBytes: file.size, reply: Buffer.from(text) };
  } catch (error) {
    if (signal.aborted) return { state: abortedState(signal), reason: 'the copy was ended while it ran' };
    if (call.isResumed) removeThere(call, deps);
    return failed(message, error);
  }
}

/** One copy, from its beginning, or from where an earlier life of the node left it. */
class Copy {
  readonly #call: RunCall;
  readonly #file: CopySource;
  readonly #deps: Deps;
  readonly #node: string;
  readonly #target: string;
  readonly #transfer: string;
  readonly #progress: CopyProgress;

  constructor(call: RunCall, file: CopySource, deps: Deps) {
    const [, node = '', target = ''] = call.message.methodArgs!;
    this.#call = call;
    this.#file = file;
    this.#deps = deps;
    this.#node = node;
    this.#target = target;
    this.#transfer = transferOf(call, deps);
    this.#progress = new CopyProgress(file.size, call, deps.clock.steadyNow);
  }

  async run(): Promise<void> {
    const isSmall = this.#file.size <= SMALL_FILE_BYTES;
    const speaks = this.#deps.speaksLanes(this.#node);
    if (!isSmall && speaks !== false) return await this.#sendInPieces();
    // It may have been larger when an earlier life began to send it.
    if (this.#call.isResumed) removeThere(this.#call, this.#deps);
    if (speaks === undefined) await this.#deliver({ step: 'probe' });
    if (this.#isOriginal) await this.#sendPlain();
    else await this.#sendWhole();
  }

  get #isOriginal(): boolean {
    return this.#deps.speaksLanes(this.#node) === false;
  }

  async #sendPlain(): Promise<void> {
    const limit = this.#deps.maxPayload() - MESSAGE_ROOM;
    if (this.#file.size > limit) {
      const text = `the file has ${this.#file.size} bytes, and ${this.#node}, which runs the original program, takes no more than ${limit} through this broker`;
      throw new CopyError('source', text);
    }
    await this.#deliver({ step: 'plain', target: this.#target }, await this.#file.readSmall());
  }

  async #sendWhole(): Promise<void> {
    const data = await this.#file.readSmall();
    const sha256 = createHash('sha256').update(data).digest('hex');
    await this.#deliver({ step: 'whole', target: this.#target, mode: this.#file.mode, sha256 }, data);
  }

  async #sendInPieces(): Promise<void> {
    const { signal, message } = this.#call;
    try {
      await this.#begin();
      if (this.#isOriginal) return await this.#sendPlain();
      using turn = await this.#takeTurn();
      if (turn.hasWaited) {
        // What the one before brought is looked for when a copy begins.
        await this.#deliver({ step: 'abort', transfer: this.#transfer });
        await this.#begin();
      }
      const sender = new PieceSender(
        {
          transfer: this.#transfer,
          toNode: this.#node,
          longestPauseMs: message.ackTimeout * 1000 || SECOND_MS,
          patienceMs: this.#deps.copyPatienceMs,
          signal,
        },
        { source: this.#file, ...this.#deps, begin: this.#begin, progress: this.#progress },
      );
      await sender.run();
      await this.#file.hashUpTo(this.#file.size, signal);
      const sha256 = await this.#file.sha256(signal);
      await this.#deliver({ step: 'end', transfer: this.#transfer, target: this.#target, sha256 });
    } catch (error) {
      const isOver = !signal.aborted || abortedState(signal) === 'cancelled';
      if (isOver) removeThere(this.#call, this.#deps);
      throw error;
    }
  }

  #takeTurn() {
    const { turns, clock, copyPatienceMs: patienceMs } = this.#deps;
    const onWait = () => this.#progress.say(`waiting for another copy to ${this.#target}`);
    return turns.take(this.#node, this.#target, { signal: this.#call.signal, clock, patienceMs, onWait });
  }

  readonly #begin = (): Promise<void> => {
    const { size: total, mode, identity } = this.#file;
    return this.#deliver({
      ...{ step: 'begin', transfer: this.#transfer, target: this.#target },
      ...{ total, mode, identity },
    });
  };

  /** Resolves when the target has done it. Throws CopyError with the target's reason where it refuses. */
  async #deliver(order: CopyOrder, data: Uint8Array = new Uint8Array(0)): Promise<void> {
    const { signal } = this.#call;
    const { clock } = this.#deps;
    const heard = clock.after(SECOND_MS, () => this.#progress.say(`waiting for ${this.#node}`));
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const withdrawn = new AbortController();
    const onAbort = () => {
      // A node that stops goes on with the copy at its next start.
      if (abortedState(signal) === 'cancelled') withdrawn.abort('over');
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    try {
      const delivered = this.#deps.deliver(this.#message(order, data), {
        re: this.#call.id,
        signal: withdrawn.signal,
      });
      const delivery = await Promise.race([delivered, aborted]);
      if (!delivery.isTaken) throw new CopyError('target', delivery.reason);
    } finally {
      heard();
      signal.removeEventListener('abort', onAbort);
    }
  }

  #message(order: CopyOrder, data: Uint8Array): Message {
    return copyMessage(order, { request: this.#call.message, nodeName: this.#deps.nodeName, data });
  }
}

const SECOND_MS = 1000;

/** A relay is told from others who make copies at its target. */
function transferOf(
  { id, message }: Pick<RunCall, 'id' | 'message'>,
  { nodeName }: Pick<Deps, 'nodeName'>,
): string {
  return isRelaysCopy(message, nodeName) ? relayedTransfer(nodeName, id) : id;
}

/** Lets the target remove what it has of a copy; nobody waits for that. */
function removeThere(
  { id, message }: Pick<RunCall, 'id' | 'message'>,
  { nodeName, speaksLanes, deliver }: Deps,
): void {
  const [, node = ''] = message.methodArgs ?? [];
  if (speaksLanes(node) === false) return;
  const order = { step: 'abort', transfer: transferOf({ id, message }, { nodeName }) } as const;
  const data = new Uint8Array(0);
  deliver(copyMessage(order, { request: message, nodeName, data }), { re: id }).catch(() => undefined);
}

function failed({ methodArgs }: Message, error: unknown): RunResult {
  const reason = error instanceof CopyError ? error.message : systemFault(error);
  const text = `error: methodREQCopyFileFrom: ${reason}, methodArgs: [${(methodArgs ?? []).join(' ')}]`;
  // What the target refuses is reported by both nodes already.
  const isReported = error instanceof CopyError && error.code === 'target';
  return {
    state: 'failed',
    outputBytes: 0,
    reason,
    reply: Buffer.from(`${text}\n`),
    ...(isReported ? {} : { error: text }),
  };
}
