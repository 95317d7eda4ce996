import { setImmediate as nextTurn } from 'node:timers/promises';
import { v7 as uuidV7 } from 'uuid';
import type { Config } from '../config/config.ts';
import { type Accepted, answerLine, type Refused, refusalLine } from '../listeners/answer-line.ts';
import { type Request, readMessage } from '../message/check-message.ts';
import { kindOf } from '../message/kind-of.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import { readSubmission } from '../message/read-submission.ts';
import type { Parcel } from '../outbox/outbox.ts';
import { toParcel } from './parcels.ts';

/** How long the node works at a submission before it looks after other things, ms. */
const SLICE_MS = 4;
/** How many messages go to the disk at once. */
const SLICE_MESSAGES = 256;

export interface SubmitDeps {
  isKnownMethod(name: string): boolean;
  enqueue(parcels: readonly Parcel[]): Promise<void>;
  /** Publishes a message that is not answered; false where there is no connection. */
  publishUnanswered(parcel: Parcel): boolean;
  onSubmitted(count: number): void;
  readonly now: () => number;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Indexed {
  readonly index: number;
  readonly request: Request;
}

/** Makes the function that takes submissions from listeners: it answers each with one line, and never rejects. */
export function createSubmit(config: Config, deps: SubmitDeps): (text: Uint8Array) => Promise<string> {
  return async (text) => {
    try {
      const { items } = await readSubmission(text);
      return await new Submission(config, deps).run(items);
    } catch (error) {
      return refusalLine((error as Error).message);
    }
  };
}

class Submission {
  readonly #config: Config;
  readonly #deps: SubmitDeps;
  readonly #batch = uuidV7();
  readonly #accepted: Accepted[] = [];
  readonly #refused: Refused[] = [];
  readonly #warnings: Refused[] = [];
  readonly #stored: Promise<void>[] = [];

  constructor(config: Config, deps: SubmitDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  async run(items: readonly unknown[]): Promise<string> {
    let slice: Indexed[] = [];
    let sliceEnd = performance.now() + SLICE_MS;
    for (const [index, item] of items.entries()) {
      slice.push(...this.#read(item, index));
      if (slice.length >= SLICE_MESSAGES) {
        this.#store(slice);
        slice = [];
      }
      if (performance.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    this.#store(slice);
    await Promise.all(this.#stored);
    if (items.length === 0) {
      this.#refused.push({ index: null, field: null, reason: 'the submission holds no message' });
    }
    this.#deps.onSubmitted(this.#accepted.length);
    const inOrder = (a: { index: number | null }, b: { index: number | null }) =>
      (a.index ?? 0) - (b.index ?? 0);
    return answerLine({
      ...(this.#accepted.length > 0 ? { batch: this.#batch } : {}),
      accepted: this.#accepted,
      refused: this.#refused.sort(inOrder),
      warnings: this.#warnings,
    });
  }

  #read(item: unknown, index: number): Indexed[] {
    const { defaultMessageTimeoutSeconds, defaultMessageRetries, defaultMethodTimeoutSeconds } = this.#config;
    const checked = readMessage(item, {
      nodeName: this.#config.nodeName,
      defaultAckTimeout: defaultMessageTimeoutSeconds,
      defaultRetries: defaultMessageRetries,
      defaultMethodTimeout: defaultMethodTimeoutSeconds,
      isKnownMethod: (name) => METHOD_NAMES.includes(name) || this.#deps.isKnownMethod(name),
    });
    if (!checked.ok) {
      this.#refused.push({ index, field: checked.field, reason: checked.reason });
      return [];
    }
    if (checked.requests[0]?.message.relayViaNode) {
      const reason = 'this version does not relay messages; send it on the node that relayViaNode names';
      this.#refused.push({ index, field: 'relayViaNode', reason });
      return [];
    }
    for (const warning of checked.warnings) this.#warnings.push({ index, ...warning });
    return checked.requests.map((request) => ({ index, request }));
  }

  #store(slice: readonly Indexed[]): void {
    const now = this.#deps.now();
    const answered: { index: number; toNode: string; parcel: Parcel }[] = [];
    for (const { index, request } of slice) {
      const parcel = toParcel(request, this.#config, this.#batch, now);
      const entry = { index, toNode: request.message.toNode, parcel };
      if (kindOf(request.message.method).endsWith('NACK')) this.#publish(entry);
      else answered.push(entry);
    }
    if (answered.length === 0) return;
    const stored = this.#deps.enqueue(answered.map(({ parcel }) => parcel)).then(
      () => {
        for (const { index, toNode, parcel } of answered)
          this.#accepted.push({ index, toNode, id: parcel.id });
      },
      (error: Error) => {
        this.#deps.logger.warn({ err: error }, 'messages were refused because they could not be stored');
        for (const { index } of answered)
          this.#refused.push({ index, field: null, reason: `not accepted: ${error.message}` });
      },
    );
    this.#stored.push(stored);
  }

  #publish({ index, toNode, parcel }: { index: number; toNode: string; parcel: Parcel }): void {
    if (this.#deps.publishUnanswered(parcel)) this.#accepted.push({ index, toNode, id: parcel.id });
    else {
      const reason =
        'messages of this method are not kept, and there is no connection to the broker: try again later';
      this.#refused.push({ index, field: 'method', reason });
    }
  }
}
