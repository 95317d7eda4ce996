import type { Operations } from '../contract/contract.ts';
import { endWords, foldAnswers } from '../contract/fold-answers.ts';
import { notFound, OperationError } from '../contract/operation-error.ts';
import type { PageOptions, RequestSummary } from '../contract/requests.ts';
import { isEnd } from '../contract/states.ts';
import type { NodePresence } from '../fleet/presence.ts';
import { planStatement } from '../ledger/batch-rows.ts';
import { findBatch, findBatches } from '../ledger/find-batches.ts';
import { findId } from '../ledger/find-id.ts';
import { findRequests } from '../ledger/find-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type RequestFacts, readFacts } from '../ledger/request-facts.ts';
import { toSummary } from '../ledger/request-row.ts';
import { timelineOf } from '../ledger/timeline.ts';
import type { Waiting } from '../ledger/waiting-for.ts';
import { whySentence } from '../ledger/why.ts';
import { isUuid } from '../lib/uuid.ts';
import { formatOf } from '../message/codec/body-format.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { messageToShortJson } from '../message/input/message-json.ts';
import { receiverOf } from '../message/subject.ts';
import type { LaneStatus } from '../outbox/lane/lane-status.ts';
import type { RequestCancelling } from '../sending/cancel-requests.ts';
import type { RequestResending } from '../sending/resend-requests.ts';
import { batchIdFault } from '../sending/submissions.ts';
import type { KeptClock } from '../store/kept-clock.ts';
import type { Store } from '../store/store.ts';

export interface RequestOperationsDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'output'>;
  readonly kept: Pick<KeptClock, 'toWall' | 'followed'>;
  readonly presence: Pick<NodePresence, 'of' | 'lastSeenAt' | 'callsAt'>;
  readonly outbox: { lane(subject: string): LaneStatus | undefined };
  readonly now: () => number;
  readonly maxMessageBytes: number;
  readonly cancelling: Pick<RequestCancelling, 'request' | 'batch'>;
  readonly resending: Pick<RequestResending, 'request' | 'batch'>;
}

/** Above this size a message is not shown, bytes. */
const MAX_SHOWN_BYTES = 4 * 1024 * 1024;
/** Of an answer this much of each stream is compared and shown. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_PAGE = 1000;

/** What operators can ask about requests and batches, and have done with them; ids may be the beginning of one. */
export class RequestOperations {
  readonly #deps: RequestOperationsDeps;

  constructor(deps: RequestOperationsDeps) {
    this.#deps = deps;
  }

  /** Requests, newest first. */
  readonly requests: Operations['requests'] = async ({ limit, cursor, ...filter }) => {
    const { store } = this.#deps;
    const page = { limit, cursor };
    checkCursor(page);
    await this.#deps.kept.followed();
    if (filter.batch === undefined) return await findRequests(store, filter, page);
    const found = await findId(store, 'batches', filter.batch);
    return 'fault' in found
      ? { items: [], next: null }
      : await findRequests(store, { ...filter, batch: found.id }, page);
  };

  /** A request by its id, or the beginning of it. Throws OperationError. */
  readonly request: Operations['request'] = async (text) => {
    const { store, now, kept } = this.#deps;
    await kept.followed();
    const stored = await readFacts(store, await this.#idOf('ledger', text));
    if (!stored) throw notFound('request', text);
    const at = now();
    const waiting = this.#waiting(stored);
    const facts = withAttempts(stored, waiting);
    const { row, steps, options, stdout, stderr } = facts;
    return {
      ...toSummary(row),
      timeline: timelineOf(facts, waiting, at),
      stdout,
      stderr,
      message: this.#messageOf(facts),
      expiresAt:
        (row.expires_at === null ? null : kept.toWall(row.expires_at)) ??
        (options.expiresInMs === undefined ? null : row.queued_at + options.expiresInMs),
      why: whySentence(facts, waiting, at),
      resendOf: steps.find(({ what }) => what === 'resend-of')?.other ?? null,
      resentAs: steps.flatMap(({ what, other }) => (what === 'resent' && other ? [other] : [])),
    };
  };

  /** Bytes of what a request printed. Throws OperationError. */
  readonly output: Operations['output'] = async (text, { stream = 'stdout', from = 0, to }) => {
    const id = await this.#idOf('ledger', text);
    return this.#deps.ledger.output(id, stream, from, to).data;
  };

  /** Batches, newest first. */
  readonly batches: Operations['batches'] = async (page) => {
    checkCursor(page);
    await this.#deps.kept.followed();
    return await findBatches(this.#deps.store, page);
  };

  /** A batch by its id, or the beginning of it, with its plan or without. Throws OperationError. */
  readonly batch: Operations['batch'] = async (text, { plan = true }) => {
    const found = await findBatch(this.#deps.store, await this.#idOf('batches', text));
    if (!found) throw notFound('batch', text);
    return plan ? found : { ...found, plan: null };
  };

  /** Keeps what is needed to go on with a batch, which may have no messages yet. Throws OperationError. */
  readonly planBatch: Operations['planBatch'] = async (text, plan) => {
    const { store, now } = this.#deps;
    const found = await findId(store, 'batches', text);
    const id = 'id' in found ? found.id : text.toLowerCase();
    const fault = 'id' in found ? undefined : batchIdFault(text);
    if (fault) throw new OperationError('not-found', fault);
    await store.write([planStatement(id, plan, now())]);
  };

  readonly cancelRequest: Operations['cancelRequest'] = async (text, by) =>
    this.#deps.cancelling.request(await this.#idOf('ledger', text), by);

  readonly resendRequest: Operations['resendRequest'] = async (text, by) =>
    this.#deps.resending.request(await this.#idOf('ledger', text), by);

  /** The id of a batch that a text names. Throws OperationError. */
  batchId(text: string): Promise<string> {
    return this.#idOf('batches', text);
  }

  /** What nodes answered to a batch; equal answers are kept once, however many nodes gave them. */
  readonly batchAnswers: Operations['batchAnswers'] = async (text) => {
    const filter = { batch: await this.#idOf('batches', text) };
    const ended: RequestSummary[] = [];
    let cursor: string | undefined;
    do {
      const { items, next } = await findRequests(this.#deps.store, filter, { limit: MAX_PAGE, cursor });
      ended.push(...items.filter(({ state }) => isEnd(state)));
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    const { ledger } = this.#deps;
    const outputOf = (id: string, stream: 'stdout' | 'stderr') =>
      Buffer.from(ledger.output(id, stream).data.subarray(0, MAX_ANSWER_BYTES)).toString();
    function* answers() {
      for (const request of ended.toReversed())
        yield {
          ...{ node: request.node, end: endWords(request) },
          ...{ stdout: outputOf(request.id, 'stdout'), stderr: outputOf(request.id, 'stderr') },
        };
    }
    return foldAnswers(answers());
  };

  readonly resendBatch: Operations['resendBatch'] = async (text, { which = 'both' }, by) =>
    this.#deps.resending.batch(await this.#idOf('batches', text), which, by);

  async #idOf(table: 'ledger' | 'batches', text: string): Promise<string> {
    const found = await findId(this.#deps.store, table, text);
    if ('id' in found) return found.id;
    const what = table === 'ledger' ? 'request' : 'batch';
    if (found.fault === 'unknown') throw notFound(what, text);
    const plural = table === 'ledger' ? 'requests' : 'batches';
    const reason =
      found.fault === 'several'
        ? `several ${plural} begin with ${text}: give more of the id`
        : `${text} is too short to name a ${what}: give 8 characters of its id at least`;
    throw new OperationError('bad-request', reason, { field: 'id' });
  }

  #waiting({ row, ahead }: RequestFacts): Waiting | undefined {
    if (row.state !== 'queued' && row.state !== 'sent') return undefined;
    const { outbox, presence } = this.#deps;
    const status = outbox.lane(row.subject);
    const node = receiverOf(row.subject);
    return {
      ...{ node, ahead },
      attempts: Math.max(ahead === 0 ? row.attempts : 0, status?.attempts ?? 0),
      nextAttemptAt: status?.nextAttemptAt ?? null,
      waitsFor: status?.waitsFor ?? null,
      lastSeenAt: presence.lastSeenAt(node),
      isAway: presence.of(node) === 'away',
      callsAt: presence.callsAt(node),
    };
  }

  /** The message with what was said of it in its submission, so that it can be submitted again as it is. */
  #messageOf({ row, options }: RequestFacts): Record<string, unknown> | null {
    if (!row.body || row.body.length > MAX_SHOWN_BYTES) return null;
    try {
      const decoding = { ...formatOf(row.format ?? 0), maxBytes: this.#deps.maxMessageBytes };
      const { expiresInMs, schedule, output, priority, supersedes } = options;
      return {
        ...messageToShortJson(decodeMessage(row.body, decoding)),
        ...(expiresInMs === undefined ? {} : { expiresIn: Math.max(1, Math.round(expiresInMs / 1000)) }),
        ...(schedule === undefined ? {} : { schedule: JSON.parse(schedule) as unknown }),
        ...(output && { output }),
        ...(priority && { priority }),
        // That of a relayed request has its target in front.
        ...(supersedes && { supersedes: supersedes.split(' ').at(-1) }),
      };
    } catch {
      return null;
    }
  }
}

/** How often the head of a lane was tried is written down now and then only. */
function withAttempts(facts: RequestFacts, waiting: Waiting | undefined): RequestFacts {
  if (waiting === undefined || facts.ahead > 0) return facts;
  return { ...facts, row: { ...facts.row, attempts: waiting.attempts } };
}

/** A cursor is the id of the last item of the page before. Throws OperationError for what is none. */
function checkCursor({ cursor }: PageOptions): void {
  if (cursor === undefined || isUuid(cursor)) return;
  const text = `the cursor ${JSON.stringify(cursor.slice(0, 100))} is not the "next" of a page: leave it out to begin`;
  throw new OperationError('bad-request', text, { field: 'cursor' });
}
