import { DeskError } from '../api/desk.ts';
import type {
  BatchSummary,
  OutputOptions,
  Page,
  PageOptions,
  RequestDetail,
  RequestFilter,
  RequestSummary,
} from '../contract/requests.ts';
import { planStatement } from '../ledger/batch-rows.ts';
import { findBatch, findBatches } from '../ledger/find-batches.ts';
import { findId } from '../ledger/find-id.ts';
import { findRequests } from '../ledger/find-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type RequestFacts, readFacts } from '../ledger/request-facts.ts';
import { toSummary } from '../ledger/request-row.ts';
import { timelineOf } from '../ledger/timeline.ts';
import type { Waiting } from '../ledger/waiting.ts';
import { whySentence } from '../ledger/why.ts';
import { formatOf } from '../message/body-format.ts';
import { decodeMessage } from '../message/decode-message.ts';
import { messageToShortJson } from '../message/message-json.ts';
import { receiverOf } from '../message/subject.ts';
import type { LaneStatus } from '../outbox/lane-status.ts';
import type { Store } from '../store/store.ts';
import type { NodePresence } from './presence.ts';
import { batchIdFault } from './submit.ts';

export interface RequestsDeskDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'output'>;
  readonly presence: Pick<NodePresence, 'of' | 'lastSeenAt'>;
  lane(subject: string): LaneStatus | undefined;
  readonly now: () => number;
  readonly maxMessageBytes: number;
}

/** Above this size a message is not shown, bytes. */
const MAX_SHOWN_BYTES = 4 * 1024 * 1024;

/** What operators can ask about requests and batches. */
export class RequestsDesk {
  readonly #deps: RequestsDeskDeps;

  constructor(deps: RequestsDeskDeps) {
    this.#deps = deps;
  }

  /** Requests, newest first. */
  async requests(filter: RequestFilter, page: PageOptions): Promise<Page<RequestSummary>> {
    const { store } = this.#deps;
    checkCursor(page);
    if (filter.batch === undefined) return await findRequests(store, filter, page);
    const found = await findId(store, 'batches', filter.batch);
    return 'fault' in found
      ? { items: [], next: null }
      : await findRequests(store, { ...filter, batch: found.id }, page);
  }

  /** A request by its id, or the beginning of it. Throws DeskError. */
  async request(text: string): Promise<RequestDetail> {
    const { store, now } = this.#deps;
    const stored = await readFacts(store, await this.requestId(text));
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
        row.expires_at ?? (options.expiresInMs === undefined ? null : row.queued_at + options.expiresInMs),
      why: whySentence(facts, waiting, at),
      resendOf: steps.find(({ what }) => what === 'resend-of')?.other ?? null,
      resentAs: steps.flatMap(({ what, other }) => (what === 'resent' && other ? [other] : [])),
    };
  }

  /** Bytes of what a request printed. Throws DeskError. */
  async output(text: string, { stream = 'stdout', from = 0 }: OutputOptions): Promise<Uint8Array> {
    const id = await this.requestId(text);
    return this.#deps.ledger.output(id, stream, from).data;
  }

  /** Batches, newest first. */
  async batches(page: PageOptions): Promise<Page<BatchSummary>> {
    checkCursor(page);
    return await findBatches(this.#deps.store, page);
  }

  /** A batch by its id, or the beginning of it. Throws DeskError. */
  async batch(text: string): Promise<BatchSummary> {
    const found = await findBatch(this.#deps.store, await this.batchId(text));
    if (!found) throw notFound('batch', text);
    return found;
  }

  /** Keeps what is needed to go on with a batch, which may have no messages yet. Throws DeskError. */
  async planBatch(text: string, plan: unknown): Promise<void> {
    const { store, now } = this.#deps;
    const found = await findId(store, 'batches', text);
    const id = 'id' in found ? found.id : text.toLowerCase();
    const fault = 'id' in found ? undefined : batchIdFault(text);
    if (fault) throw new DeskError('not-found', fault);
    await store.write([planStatement(id, plan, now())]);
  }

  /** The full id of a request. Throws DeskError. */
  requestId(text: string): Promise<string> {
    return this.#idOf('ledger', text);
  }

  /** The full id of a batch. Throws DeskError. */
  batchId(text: string): Promise<string> {
    return this.#idOf('batches', text);
  }

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
    throw new DeskError('bad-request', reason, { field: 'id' });
  }

  #waiting({ row, ahead }: RequestFacts): Waiting | undefined {
    if (row.state !== 'queued' && row.state !== 'sent') return undefined;
    const { lane, presence } = this.#deps;
    const status = lane(row.subject);
    const node = receiverOf(row.subject);
    return {
      ...{ node, ahead },
      attempts: Math.max(ahead === 0 ? row.attempts : 0, status?.attempts ?? 0),
      nextAttemptAt: status?.nextAttemptAt ?? null,
      waitsFor: status?.waitsFor ?? null,
      lastSeenAt: presence.lastSeenAt(node),
      isAway: presence.of(node) === 'away',
    };
  }

  #messageOf({ row }: RequestFacts): Record<string, unknown> | null {
    if (!row.body || row.body.length > MAX_SHOWN_BYTES) return null;
    try {
      const decoding = { ...formatOf(row.format ?? 0), maxBytes: this.#deps.maxMessageBytes };
      return messageToShortJson(decodeMessage(row.body, decoding));
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

/** The refusal where nothing of an id is remembered. */
export function notFound(what: 'request' | 'batch', text: string): DeskError {
  const reason = `no ${what} with the id ${JSON.stringify(text.slice(0, 80))} is remembered by this node`;
  return new DeskError('not-found', reason);
}

/** A cursor is the id of the last item of the page before. Throws DeskError for what is none. */
function checkCursor({ cursor }: PageOptions): void {
  if (cursor === undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(cursor)) return;
  const text = `the cursor ${JSON.stringify(cursor.slice(0, 100))} is not the "next" of a page: leave it out to begin`;
  throw new DeskError('bad-request', text, { field: 'cursor' });
}
