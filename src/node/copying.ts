import { join } from 'node:path';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import type { Message } from '../message/message.ts';
import { createCopyMethods } from '../methods/copy-methods.ts';
import type { Method } from '../methods/method.ts';
import type { Delivery } from '../methods/req-copy-file-from.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Ended } from '../outbox/outbox-deps.ts';
import type { OwnMessages } from './own-messages.ts';
import { ownParcel } from './parcels.ts';
import { createOpenChannel } from './piece-channel.ts';

export interface CopyingParts {
  readonly bus: Bus;
  outbox(): Pick<Outbox, 'enqueue' | 'speaksLanes'>;
  own(): Pick<OwnMessages, 'reply'>;
}

/** What the methods that copy files need of the node: messages whose end is told, and a way for pieces of files. */
export class Copying implements AsyncDisposable {
  readonly methods: readonly Method[];
  readonly #config: Config;
  readonly #parts: CopyingParts;
  readonly #copies: AsyncDisposable;
  readonly #waiting = new Map<string, (delivery: Delivery) => void>();

  constructor(config: Config, parts: CopyingParts) {
    this.#config = config;
    this.#parts = parts;
    const options = {
      nodeName: config.nodeName,
      copiesFolder: join(config.databaseFolder, 'copies'),
      copyPatienceMs: config.messageTtlSeconds * 1000,
    };
    const copies = createCopyMethods(options, {
      deliver: (message) => this.#deliver(message),
      speaksLanes: (node) => parts.outbox().speaksLanes(node),
      maxPayload: () => parts.bus.maxPayload,
      openChannel: createOpenChannel(config.nodeName, parts.bus),
      sendReply: (request, data) => parts.own().reply(request, [data], []),
    });
    this.#copies = copies;
    this.methods = copies.all;
  }

  /** Closes the files that come in. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#copies[Symbol.asyncDispose]();
  }

  /** The function that is told of ends, with whoever waits for one of them told as well. */
  watch(onEnded: (ended: readonly Ended[]) => Promise<void>) {
    return async (ended: readonly Ended[]): Promise<void> => {
      await onEnded(ended);
      for (const { id, state, reason } of ended) {
        const isTaken = state === 'succeeded' || state === 'accepted';
        this.#waiting.get(id)?.(isTaken ? { isTaken } : { isTaken, reason: reason || `it was ${state}` });
        this.#waiting.delete(id);
      }
    };
  }

  async #deliver(message: Message): Promise<Delivery> {
    const parcel = ownParcel(message, this.#config);
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    this.#waiting.set(parcel.id, resolve);
    try {
      await this.#parts.outbox().enqueue([parcel]);
      return await promise;
    } finally {
      this.#waiting.delete(parcel.id);
    }
  }
}
