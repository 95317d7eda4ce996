import { join } from 'node:path';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import { wait } from '../lib/clock.ts';
import type { Edges } from '../lib/edges.ts';
import { isTemporary } from '../lib/temporary-error.ts';
import type { Addresses } from '../link/address.ts';
import type { LinkScheduler } from '../link/scheduler.ts';
import type { Message } from '../message/message.ts';
import { createCopyMethods } from '../methods/copy/copy-methods.ts';
import type { Delivery } from '../methods/copy/req-copy-file-from.ts';
import type { Method } from '../methods/method.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Ended } from '../outbox/outbox-deps.ts';
import type { Peers } from '../outbox/peers.ts';
import type { RelayedFiles } from '../relay/relayed-files.ts';
import type { Store } from '../store/store.ts';
import type { CancelSentDeps } from './cancel-sent.ts';
import { ownOutgoing } from './outgoing-message.ts';
import { createOpenChannel } from './piece-channel.ts';
import { createRelayedFiles } from './relayed-files.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

export interface CopyingParts extends Edges, CancelSentDeps {
  readonly bus: Bus;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly link: LinkScheduler;
  readonly peers: Peers;
  readonly store: Pick<Store, 'get'>;
  readonly sending: Pick<RepliesAndReports, 'reply' | 'cancel'>;
  readonly addresses: Pick<Addresses, 'subjectFor'>;
  /** Hears of the files of original nodes that were written. */
  readonly outputReplies: { copied(message: Message): Promise<void> };
}

/** How soon a message is queued again that could not be written down, ms. */
const AGAIN_MS = 1000;

/** What the methods that copy files need of the node: messages whose end is told, and a way for pieces of files. */
export class Copying implements AsyncDisposable {
  readonly methods: readonly Method[];
  readonly #config: Config;
  readonly #parts: CopyingParts;
  readonly #copies: AsyncDisposable;
  readonly #relayed: RelayedFiles;
  readonly #waiting = new Map<string, (delivery: Delivery) => void>();
  readonly #over = new AbortController();

  constructor(config: Config, parts: CopyingParts) {
    this.#config = config;
    this.#parts = parts;
    const options = {
      nodeName: config.nodeName,
      copiesFolder: join(config.databaseFolder, 'copies'),
      copyPatienceMs: config.messageTtlSeconds * 1000,
      modes:
        config.fileMode === 'original'
          ? { file: 0o755 & ~process.umask(), folder: 0o755 }
          : { file: 0o600, folder: 0o700 },
    };
    this.#relayed = createRelayedFiles(config, parts);
    const { all, copies } = createCopyMethods(options, {
      ...{ clock: parts.clock, files: parts.files },
      deliver: this.#deliver,
      relayedFiles: this.#relayed,
      speaksLanes: parts.peers.speaksLanes,
      maxPayload: () => parts.bus.maxPayload,
      openChannel: createOpenChannel(config.nodeName, parts),
      sendReply: async (asked, data) => {
        await parts.sending.reply(asked, [data], { alongside: [] });
        if (isPlain(asked.message)) await parts.outputReplies.copied(asked.message);
      },
    });
    this.#copies = copies;
    this.methods = all;
  }

  /** Closes the files that come in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#relayed[Symbol.dispose]();
    await this.#copies[Symbol.asyncDispose]();
  }

  /** Tells the copies that wait for one of these messages how it ended. */
  async ended(ended: readonly Ended[]): Promise<void> {
    for (const { id, state, reason } of ended) {
      const isTaken = state === 'succeeded' || state === 'handed-over';
      this.#waiting.get(id)?.(isTaken ? { isTaken } : { isTaken, reason: reason || `it was ${state}` });
      this.#waiting.delete(id);
    }
  }

  readonly #deliver = async (
    message: Message,
    { re, signal }: { readonly re: string; readonly signal?: AbortSignal },
  ): Promise<Delivery> => {
    const outgoing = ownOutgoing(message, this.#config, { id: this.#parts.newId(), re });
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    this.#waiting.set(outgoing.id, resolve);
    const withdraw = () =>
      void this.#parts.undelivered.cancel({ id: outgoing.id }, 'the copy was cancelled').catch(() => {});
    try {
      await this.#enqueue(outgoing, AbortSignal.any([this.#over.signal, ...(signal ? [signal] : [])]));
      signal?.addEventListener('abort', withdraw);
      if (signal?.aborted) withdraw();
      return await promise;
    } finally {
      signal?.removeEventListener('abort', withdraw);
      this.#waiting.delete(outgoing.id);
    }
  };

  /** Queues a message: where the database cannot be written for a while, as soon as it can. */
  async #enqueue(outgoing: ReturnType<typeof ownOutgoing>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#parts.outbox.enqueue([outgoing]);
      } catch (error) {
        if (!isTemporary(error) || signal.aborted) throw error;
        await wait(this.#parts.clock, AGAIN_MS, signal);
      }
    }
  }
}

/** Whether a copy is one of an original node: it has three arguments. */
function isPlain({ methodArgs }: Message): boolean {
  return methodArgs?.length === 3;
}
