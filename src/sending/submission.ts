import type { Config } from '../config/config.ts';
import type { Refusal, SubmissionAnswer } from '../contract/requests.ts';
import { batchLabel } from '../ledger/batch-label.ts';
import { batchStatements, optionStatements } from '../ledger/batch-rows.ts';
import { operatorStatements } from '../ledger/operators.ts';
import { wait } from '../lib/clock.ts';
import type { Edges } from '../lib/edges.ts';
import { type Next, unanswered } from '../link/way-out.ts';
import { type Request, readMessage } from '../message/input/check-message.ts';
import type { Message } from '../message/message.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import { type Schedulable, unschedulable } from '../message/schedule.ts';
import { kindOf } from '../message/subject.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import type { Outbox, OutgoingMessage } from '../outbox/outbox.ts';
import { relayFault, relayWarnings } from '../relay/relay-fault.ts';
import type { Statement } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { submissionFault } from '../trust/submission-fault.ts';
import { CANCELLED_HERE } from './cancel-requests.ts';
import { TargetsFault } from './expand-targets.ts';
import { isUrgent, optionsOf, toOutgoing } from './outgoing-message.ts';

/** How long the node works at a submission before it looks after other things, ms. */
const SLICE_MS = 4;
/** How much goes to the disk at once: messages, and bytes of their data. */
const [SLICE_MESSAGES, SLICE_BYTES] = [256, 1024 * 1024];
/** How much may be on its way to the disk, in slices and in bytes of data: more would only wait in memory. */
const MAX_UNSTORED_SLICES = 16;
const MAX_UNSTORED_BYTES = 4 * SLICE_BYTES;

export interface SubmissionDeps extends Pick<Edges, 'clock' | 'newId'> {
  /** The methods of this node, which it offers to submitters besides those that are known anyway. */
  readonly methods: Pick<ReadonlyMap<string, Schedulable>, 'get' | 'has'>;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly undelivered: Pick<Undelivered, 'cancel'>;
  /** Sends what is not answered, at once. */
  readonly send: Next;
  readonly metrics: Pick<Metrics, 'submitted'>;
  readonly calls?: { urgent(): void } | undefined;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Indexed {
  readonly index: number;
  readonly request: Request;
}

const EMPTY: Refusal = { index: null, field: null, reason: 'the submission holds no message' };

/** A submission under a batch that its caller chose, so that it can be gone on with after a crash. */
export interface Resumable {
  readonly batch: string;
  /** What is stored of it already, in the order in which it was submitted. */
  readonly stored: readonly { readonly id: string }[];
  /** When it was handed in, unix ms, where that may be a while ago: `expiresIn` counts from then. */
  readonly since?: number;
}

/** What a submission would come to: the requests in it, and what would be refused. */
export interface CheckedSubmission {
  readonly requests: readonly { readonly index: number; readonly toNode: string }[];
  readonly refused: readonly Refusal[];
  readonly warnings: readonly Refusal[];
}

/** How a submission differs from one that a listener takes. */
export interface SubmissionOptions {
  readonly resume?: Resumable;
  readonly batch?: string;
  /** Whether the batch is named by its maker, so that more submissions may add to it. */
  readonly isNamed?: boolean;
  readonly label?: string;
  /** Who submits it. */
  readonly by?: string | undefined;
}

/** One submission on its way into the outbox, or through the checks alone. */
export class Submission {
  readonly #config: Config;
  readonly #deps: SubmissionDeps;
  readonly #batch: string;
  readonly #resume: Resumable | undefined;
  readonly #options: SubmissionOptions;
  #label: string | undefined;
  #firstId: string | undefined;
  #resumed = 0;
  readonly #accepted: { index: number; toNode: string; id: string }[] = [];
  readonly #refused: Refusal[] = [];
  readonly #warnings: Refusal[] = [];
  readonly #stored = new Set<Promise<void>>();
  #slice: Indexed[] = [];
  #sliceBytes = 0;
  #unstoredBytes = 0;

  constructor(config: Config, deps: SubmissionDeps, options: SubmissionOptions = {}) {
    this.#config = config;
    this.#deps = deps;
    this.#batch = options.resume?.batch ?? options.batch ?? deps.newId();
    this.#resume = options.resume;
    this.#options = options;
    this.#label = options.label || undefined;
  }

  /** What it would come to; nothing is sent. */
  check(items: readonly unknown[]): CheckedSubmission {
    const requests = items.flatMap(this.#read);
    if (items.length === 0) this.#refused.push(EMPTY);
    return {
      requests: requests.map(({ index, request }) => ({ index, toNode: request.message.toNode })),
      refused: this.#refused,
      warnings: this.#warnings,
    };
  }

  /** Checks the items, has what is fit for it stored, and answers when that is on disk. */
  async run(items: readonly unknown[]): Promise<SubmissionAnswer> {
    const { clock } = this.#deps;
    let sliceEnd = clock.steadyNow() + SLICE_MS;
    const pauseWhenDue = async () => {
      if (clock.steadyNow() < sliceEnd) return;
      await wait(clock, 0);
      sliceEnd = clock.steadyNow() + SLICE_MS;
    };
    for (const [index, item] of items.entries()) {
      // One item may be for thousands of nodes, each of which gets a copy: the first of them go out while the rest is made.
      for (const indexed of this.#read(item, index)) {
        if (!this.#gather(indexed)) continue;
        await this.#put();
        await this.#room();
        await pauseWhenDue();
      }
      await pauseWhenDue();
    }
    await this.#put();
    await Promise.all([...this.#stored]);
    if (items.length === 0) this.#refused.push(EMPTY);
    this.#deps.metrics.submitted(this.#accepted.length);
    const inOrder = (a: { index: number | null }, b: { index: number | null }) =>
      (a.index ?? 0) - (b.index ?? 0);
    return {
      ...(this.#accepted.length > 0 ? { batch: this.#batch } : {}),
      accepted: this.#accepted,
      refused: this.#refused.sort(inOrder),
      warnings: this.#warnings,
    };
  }

  readonly #read = (item: unknown, index: number): Indexed[] => {
    if (item instanceof TargetsFault) {
      this.#refused.push({ index, field: 'toTargets', reason: item.reason });
      return [];
    }
    const { defaultMessageTimeoutSeconds, defaultMessageRetries, defaultMethodTimeoutSeconds } = this.#config;
    const { methods } = this.#deps;
    const checked = readMessage(item, {
      nodeName: this.#config.nodeName,
      defaultAckTimeout: defaultMessageTimeoutSeconds,
      defaultRetries: defaultMessageRetries,
      defaultMethodTimeout: defaultMethodTimeoutSeconds,
      isKnownMethod: (name) => METHOD_NAMES.includes(name) || methods.has(name),
      scheduleFault: (name) => unschedulable(name, methods.get(name)),
    });
    if (!checked.ok) {
      this.#refused.push({ index, field: checked.field, reason: checked.reason });
      return [];
    }
    const relayed = relayWarnings(checked.requests[0]!.message);
    for (const warning of [...checked.warnings, ...relayed]) this.#warnings.push({ index, ...warning });
    return checked.requests.flatMap((request) => {
      const fault =
        relayFault(request.message, this.#config.nodeName) ?? submissionFault(request.message, this.#config);
      if (fault) this.#refused.push({ index, ...fault });
      return fault ? [] : [{ index, request }];
    });
  };

  /** Adds a message to the slice that is stored together; whether that is large enough. */
  #gather(indexed: Indexed): boolean {
    this.#slice.push(indexed);
    this.#sliceBytes += dataBytes(indexed.request.message);
    return this.#slice.length >= SLICE_MESSAGES || this.#sliceBytes >= SLICE_BYTES;
  }

  /** Resolves when there is little enough on its way to the disk. */
  async #room(): Promise<void> {
    while (this.#stored.size >= MAX_UNSTORED_SLICES || this.#unstoredBytes >= MAX_UNSTORED_BYTES)
      await Promise.race(this.#stored);
  }

  /** Stores the slice: together with the others or, where the order of storing matters, after them. */
  async #put(): Promise<void> {
    const stored = this.#store(this.#slice);
    const bytes = this.#sliceBytes;
    this.#slice = [];
    this.#sliceBytes = 0;
    if (this.#resume) return stored;
    this.#stored.add(stored);
    this.#unstoredBytes += bytes;
    void stored.then(() => {
      this.#stored.delete(stored);
      this.#unstoredBytes -= bytes;
    });
  }

  async #store(slice: readonly Indexed[]): Promise<void> {
    const now = this.#deps.clock.wallNow();
    const answered: { index: number; toNode: string; outgoing: OutgoingMessage }[] = [];
    for (const { index, request } of this.#unstored(slice)) {
      const place = { batch: this.#batch, ageMs: now - (this.#resume?.since ?? now) };
      const outgoing = toOutgoing(request, this.#config, { id: this.#deps.newId(), ...place });
      const entry = { index, toNode: request.message.toNode, outgoing };
      if (isUnanswered(request.message)) this.#publish(entry);
      else answered.push(entry);
    }
    if (answered.length === 0) return;
    const messages = answered.map(({ outgoing }) => outgoing);
    this.#label ??= batchLabel(slice.map(({ request }) => request.message));
    return this.#deps.outbox.enqueue(messages, this.#alongside(messages, now)).then(
      () => {
        for (const { index, toNode, outgoing } of answered)
          this.#accepted.push({ index, toNode, id: outgoing.id });
        for (const { request } of slice) this.#cancelHere(request.message);
        if (this.#deps.calls && messages.some(isUrgent)) this.#deps.calls.urgent();
      },
      (error: Error) => {
        if (this.#resume) throw error;
        this.#deps.logger.warn({ err: error }, 'messages were refused because they could not be stored');
        for (const { index, outgoing } of answered)
          this.#refused.push({ index, field: null, reason: refusalOf(error, outgoing.id) });
      },
    );
  }

  /** What is written down of the batch together with a part of its messages. */
  #alongside(messages: readonly OutgoingMessage[], at: number): Statement[] {
    const firstId = messages[0]!.id;
    this.#firstId ??= firstId;
    const batch = batchStatements({
      batch: this.#batch,
      label: this.#label ?? '',
      submission: this.#options.isNamed ? this.#firstId : undefined,
      firstId,
      lastId: messages.at(-1)!.id,
      count: messages.length,
      at,
    });
    return [
      ...batch,
      ...optionStatements(optionsOf(messages)),
      ...operatorStatements(messages, this.#options.by),
    ];
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
    for (const id of methodArgs ?? [])
      void this.#deps.undelivered.cancel({ id: id.toLowerCase() }, CANCELLED_HERE);
  }

  #publish({ index, toNode, outgoing }: { index: number; toNode: string; outgoing: OutgoingMessage }): void {
    const { subject, body, format } = outgoing;
    if (this.#deps.send([unanswered(subject, body, format)]).length > 0)
      this.#accepted.push({ index, toNode, id: outgoing.id });
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

function dataBytes({ data }: Message): number {
  return data?.reduce((bytes, item) => bytes + item.length, 0) ?? 0;
}

/** What a submitter reads where a message could not be stored. */
function refusalOf(error: Error, id: string): string {
  if (!(error instanceof StoreError && error.isInDoubt)) return `not accepted: ${error.message}`;
  return `unknown: it may have been accepted as ${id}, ask for that id once the disk is mended and the node has started again: ${error.message}`;
}
