import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { newId } from '../lib/new-id.ts';
import { type Accepted, answerLine, type Refused, refusalLine } from '../listeners/answer-line.ts';
import { type Request, readMessage } from '../message/check-message.ts';
import { kindOf } from '../message/kind-of.ts';
import type { Message } from '../message/message.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import { readSubmission } from '../message/read-submission.ts';
import type { Parcel } from '../outbox/outbox.ts';
import { relayFault, relayWarnings } from '../relay/relay-fault.ts';
import { toParcel } from './parcels.ts';

/** How long the node works at a submission before it looks after other things, ms. */
const SLICE_MS = 4;
/** How many messages go to the disk at once. */
const SLICE_MESSAGES = 256;
/** How many slices may be on their way to the disk: more would only wait in memory. */
const MAX_UNSTORED_SLICES = 16;

export interface CheckDeps {
  isKnownMethod(name: string): boolean;
  /** Why a method cannot be run by a schedule, or undefined. */
  scheduleFault?(method: string): string | undefined;
}

export interface SubmitDeps extends CheckDeps {
  enqueue(parcels: readonly Parcel[]): Promise<void>;
  /** Publishes a message that is not answered; false where there is no connection. */
  publishUnanswered(parcel: Parcel): boolean;
  /** Ends a message that is not delivered yet; one that is, is left to its target. */
  cancelQueued(id: string): void;
  onSubmitted(count: number): void;
  readonly now: () => number;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Indexed {
  readonly index: number;
  readonly request: Request;
}

const EMPTY: Refused = { index: null, field: null, reason: 'the submission holds no message' };

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

/** A submission under a batch that its caller chose, so that it can be gone on with after a crash. */
export interface Resumable {
  readonly batch: string;
  /** What is stored of it already, in the order in which it was submitted. */
  readonly stored: readonly { readonly id: string }[];
}

/**
 * Makes the function that takes submissions which survive a crash: messages are stored strictly in order, so that
 * those stored are always the first ones, and what is stored already is left out. It answers with one line, for the
 * whole of it, and rejects when messages could not be stored.
 */
export function createResumableSubmit(
  config: Config,
  deps: SubmitDeps,
): (text: Uint8Array, resume: Resumable) => Promise<string> {
  return async (text, resume) => {
    const items = await readSubmission(text).then(
      (parsed) => parsed.items,
      (error: Error) => error,
    );
    return items instanceof Error
      ? refusalLine(items.message)
      : new Submission(config, deps, resume).run(items);
  };
}

/** What a submission would come to: the requests in it, and what would be refused. */
export interface CheckedSubmission {
  readonly requests: readonly { readonly index: number; readonly toNode: string }[];
  readonly refused: readonly Refused[];
}

/** Checks a submission without sending anything. Throws MessageError where it is no list of messages. */
export async function checkSubmission(
  text: Uint8Array,
  config: Config,
  deps: CheckDeps,
): Promise<CheckedSubmission> {
  const { items } = await readSubmission(text);
  return new Submission(config, deps as SubmitDeps).check(items);
}

class Submission {
  readonly #config: Config;
  readonly #deps: SubmitDeps;
  readonly #batch: string;
  readonly #resume: Resumable | undefined;
  #resumed = 0;
  readonly #accepted: Accepted[] = [];
  readonly #refused: Refused[] = [];
  readonly #warnings: Refused[] = [];
  readonly #stored = new Set<Promise<void>>();

  constructor(config: Config, deps: SubmitDeps, resume?: Resumable) {
    this.#config = config;
    this.#deps = deps;
    this.#batch = resume?.batch ?? newId();
    this.#resume = resume;
  }

  check(items: readonly unknown[]): CheckedSubmission {
    const requests = items.flatMap((item, index) => this.#read(item, index));
    if (items.length === 0) this.#refused.push(EMPTY);
    return {
      requests: requests.map(({ index, request }) => ({ index, toNode: request.message.toNode })),
      refused: this.#refused,
    };
  }

  async run(items: readonly unknown[]): Promise<string> {
    let slice: Indexed[] = [];
    let sliceEnd = performance.now() + SLICE_MS;
    for (const [index, item] of items.entries()) {
      slice.push(...this.#read(item, index));
      if (slice.length >= SLICE_MESSAGES) {
        await this.#put(slice);
        slice = [];
      }
      if (performance.now() < sliceEnd) continue;
      while (this.#stored.size >= MAX_UNSTORED_SLICES) await Promise.race(this.#stored);
      await nextTurn();
      sliceEnd = performance.now() + SLICE_MS;
    }
    await this.#put(slice);
    await Promise.all([...this.#stored]);
    if (items.length === 0) this.#refused.push(EMPTY);
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
      scheduleFault: (name) => this.#deps.scheduleFault?.(name),
    });
    if (!checked.ok) {
      this.#refused.push({ index, field: checked.field, reason: checked.reason });
      return [];
    }
    const relayed = relayWarnings(checked.requests[0]!.message);
    for (const warning of [...checked.warnings, ...relayed]) this.#warnings.push({ index, ...warning });
    return checked.requests.flatMap((request) => {
      const fault = relayFault(request.message, this.#config.nodeName);
      if (fault) this.#refused.push({ index, ...fault });
      return fault ? [] : [{ index, request }];
    });
  }

  /** Has a slice stored: beside the others or, where the order of storing matters, after them. */
  async #put(slice: readonly Indexed[]): Promise<void> {
    const stored = this.#store(slice);
    if (this.#resume) return stored;
    this.#stored.add(stored);
    void stored.then(() => this.#stored.delete(stored));
  }

  async #store(slice: readonly Indexed[]): Promise<void> {
    const now = this.#deps.now();
    const answered: { index: number; toNode: string; parcel: Parcel }[] = [];
    for (const { index, request } of this.#unstored(slice)) {
      const parcel = toParcel(request, this.#config, this.#batch, now);
      const entry = { index, toNode: request.message.toNode, parcel };
      if (isUnanswered(request.message)) this.#publish(entry);
      else answered.push(entry);
    }
    if (answered.length === 0) return;
    return this.#deps.enqueue(answered.map(({ parcel }) => parcel)).then(
      () => {
        for (const { index, toNode, parcel } of answered)
          this.#accepted.push({ index, toNode, id: parcel.id });
        for (const { request } of slice) this.#cancelHere(request.message);
      },
      (error: Error) => {
        if (this.#resume) throw error;
        this.#deps.logger.warn({ err: error }, 'messages were refused because they could not be stored');
        for (const { index } of answered)
          this.#refused.push({ index, field: null, reason: `not accepted: ${error.message}` });
      },
    );
  }

  /** Leaves out what is stored already, and messages that are never stored before it, which were sent then. */
  #unstored(slice: readonly Indexed[]): readonly Indexed[] {
    const stored = this.#resume?.stored ?? [];
    return slice.filter(({ index, request: { message } }) => {
      const known = stored[this.#resumed];
      if (known === undefined) return true;
      if (isUnanswered(message)) return false;
      this.#resumed++;
      this.#accepted.push({ index, toNode: message.toNode, id: known.id });
      return false;
    });
  }

  /** A cancellation wins over its request here already, where that is not delivered yet. */
  #cancelHere({ method, methodArgs }: Message): void {
    if (method !== 'REQCancel') return;
    for (const id of methodArgs ?? []) this.#deps.cancelQueued(id.toLowerCase());
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

function isUnanswered({ method }: Message): boolean {
  return kindOf(method).endsWith('NACK');
}
