import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { batchLabel } from '../ledger/batch-label.ts';
import { batchStatements, optionStatements, type RequestOptions } from '../ledger/batch-rows.ts';
import { newId } from '../lib/new-id.ts';
import type { Accepted, Answer, Refused } from '../listeners/answer-line.ts';
import { type Request, readMessage } from '../message/check-message.ts';
import { kindOf } from '../message/kind-of.ts';
import type { Message } from '../message/message.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import type { Parcel } from '../outbox/outbox.ts';
import { relayFault, relayWarnings } from '../relay/relay-fault.ts';
import type { Statement } from '../store/statement.ts';
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
  enqueue(parcels: readonly Parcel[], alongside: readonly Statement[]): Promise<void>;
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

/** A submission under a batch that its caller chose, so that it can be gone on with after a crash. */
export interface Resumable {
  readonly batch: string;
  /** What is stored of it already, in the order in which it was submitted. */
  readonly stored: readonly { readonly id: string }[];
}

/** What a submission would come to: the requests in it, and what would be refused. */
export interface CheckedSubmission {
  readonly requests: readonly { readonly index: number; readonly toNode: string }[];
  readonly refused: readonly Refused[];
  readonly warnings: readonly Refused[];
}

/** How a submission differs from one that a listener takes. */
export interface SubmissionOptions {
  readonly resume?: Resumable;
  readonly batch?: string;
  /** Whether the batch is named by its maker, so that more submissions may add to it. */
  readonly isNamed?: boolean;
  readonly label?: string;
}

/** One submission on its way into the outbox, or through the checks alone. */
export class Submission {
  readonly #config: Config;
  readonly #deps: SubmitDeps;
  readonly #batch: string;
  readonly #resume: Resumable | undefined;
  readonly #isNamed: boolean;
  #label: string | undefined;
  #firstId: string | undefined;
  #resumed = 0;
  readonly #accepted: Accepted[] = [];
  readonly #refused: Refused[] = [];
  readonly #warnings: Refused[] = [];
  readonly #stored = new Set<Promise<void>>();

  constructor(config: Config, deps: SubmitDeps, options: SubmissionOptions = {}) {
    this.#config = config;
    this.#deps = deps;
    this.#batch = options.resume?.batch ?? options.batch ?? newId();
    this.#resume = options.resume;
    this.#isNamed = options.isNamed ?? false;
    this.#label = options.label || undefined;
  }

  /** What it would come to; nothing is sent. */
  check(items: readonly unknown[]): CheckedSubmission {
    const requests = items.flatMap((item, index) => this.#read(item, index));
    if (items.length === 0) this.#refused.push(EMPTY);
    return {
      requests: requests.map(({ index, request }) => ({ index, toNode: request.message.toNode })),
      refused: this.#refused,
      warnings: this.#warnings,
    };
  }

  /** Checks the items, has what is fit for it stored, and answers when that is on disk. */
  async run(items: readonly unknown[]): Promise<Answer> {
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
    return {
      ...(this.#accepted.length > 0 ? { batch: this.#batch } : {}),
      accepted: this.#accepted,
      refused: this.#refused.sort(inOrder),
      warnings: this.#warnings,
    };
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
    const parcels = answered.map(({ parcel }) => parcel);
    this.#label ??= batchLabel(slice.map(({ request }) => request.message));
    return this.#deps.enqueue(parcels, this.#alongside(parcels, now)).then(
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

  /** What is written down of the batch together with a part of its messages. */
  #alongside(parcels: readonly Parcel[], at: number): Statement[] {
    const firstId = parcels[0]!.id;
    this.#firstId ??= firstId;
    const batch = batchStatements({
      batch: this.#batch,
      label: this.#label ?? '',
      submission: this.#isNamed ? this.#firstId : undefined,
      firstId,
      lastId: parcels.at(-1)!.id,
      count: parcels.length,
      at,
    });
    const options = parcels
      .filter(hasOptions)
      .map((parcel) => ({ id: parcel.id, options: optionsOf(parcel, at) }));
    return [...batch, ...optionStatements(options)];
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

function hasOptions({ budgetMs, expiresAt, schedule, output }: Parcel): boolean {
  return [budgetMs, expiresAt, schedule, output].some((option) => option !== undefined);
}

/** What sending a request again needs beside its message. */
function optionsOf({ budgetMs, expiresAt, schedule, output }: Parcel, at: number): RequestOptions {
  return {
    ...(budgetMs === undefined ? {} : { budgetMs }),
    ...(expiresAt === undefined ? {} : { expiresInMs: expiresAt - at }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(output === undefined ? {} : { output }),
  };
}
