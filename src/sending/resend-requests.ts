import { notFound, OperationError } from '../contract/operation-error.ts';
import type { Refusal, ResendChoice, SubmissionAnswer } from '../contract/requests.ts';
import type { RequestState } from '../contract/states.ts';
import { batchRanges } from '../ledger/batch-ranges.ts';
import {
  batchStatements,
  optionStatements,
  type RequestOptions,
  stepStatement,
} from '../ledger/batch-rows.ts';
import { findBatch } from '../ledger/find-batches.ts';
import { operatorStatements } from '../ledger/operators.ts';
import { LANE_TABLES, targetOf } from '../ledger/request-row.ts';
import type { Edges } from '../lib/edges.ts';
import { countWords } from '../lib/time-words.ts';
import { formatOf } from '../message/codec/body-format.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Outbox, OutgoingMessage } from '../outbox/outbox.ts';
import type { Store } from '../store/store.ts';

interface ResendDeps extends Pick<Edges, 'clock' | 'newId'> {
  readonly store: Store;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly maxMessageBytes: number;
  readonly metrics: Pick<Metrics, 'submitted'>;
}

interface Row {
  readonly id: string;
  readonly batch: string | null;
  readonly state: RequestState;
  readonly ended_at: number | null;
  readonly subject: string;
  readonly format: number | null;
  readonly body: Uint8Array | null;
  readonly options: string | null;
  readonly resent_as: string | null;
}

const REQUEST_STATES: Readonly<Record<ResendChoice, readonly RequestState[]>> = {
  failed: ['failed', 'timed-out', 'interrupted', 'rejected', 'lost'],
  missing: ['expired', 'undelivered'],
  both: ['failed', 'timed-out', 'interrupted', 'rejected', 'lost', 'expired', 'undelivered'],
};
const CHOICE_WORDS: Readonly<Record<ResendChoice, string>> = {
  failed: 'failed',
  missing: 'was missed',
  both: 'failed or was missed',
};
/** How many messages are read and stored at once. */
const SLICE = 200;

const ROWS = `SELECT l.id, l.batch, l.state, l.ended_at, n.subject, l.format, l.body,
    (SELECT options FROM request_options o WHERE o.id = l.id) AS options,
    (SELECT other FROM steps s WHERE s.id = l.id AND s.what = 'resent' ORDER BY s.row DESC LIMIT 1) AS resent_as
  FROM json_each(?) wanted CROSS JOIN ${LANE_TABLES} WHERE l.id = wanted.value ORDER BY wanted.key`;

/** Sends requests again, as new ones in a batch of their own, linked to the old ones. */
export class RequestResending {
  readonly #deps: ResendDeps;

  constructor(deps: ResendDeps) {
    this.#deps = deps;
  }

  /** Sends one request again. Throws OperationError where that cannot be. */
  async request(id: string, by?: string): Promise<SubmissionAnswer> {
    const [row] = await this.#read([id]);
    if (!row) throw notFound('request', id);
    const fault = faultOf(row);
    if (fault) throw new OperationError('bad-request', `${id} cannot be sent again: ${fault}`);
    const { node, method } = targetOf(row.subject);
    const made = new Resent(this.#deps, { label: `again: ${method} on ${node}`, leavesRepeated: false, by });
    await made.send([row]);
    return made.answer([]);
  }

  /** Sends those requests of a batch again that failed, or are missing; those that were sent again already are left. */
  async batch(batch: string, which: ResendChoice, by?: string): Promise<SubmissionAnswer> {
    const { store } = this.#deps;
    const found = await findBatch(store, batch);
    if (!found) throw notFound('batch', batch);
    const rows = await store.query<{ id: string; state: RequestState; ended_at: number | null }>(
      `SELECT l.id, l.state, l.ended_at FROM json_each(?) r CROSS JOIN ledger l
       WHERE l.id BETWEEN r.value ->> 0 AND r.value ->> 1 AND l.batch = ? AND l.state <> 'succeeded' ORDER BY l.id`,
      ...[JSON.stringify(await batchRanges(store, batch)), batch],
    );
    const chosen = rows.filter(({ state }) => REQUEST_STATES[which].includes(state)).map(({ id }) => id);
    const made = new Resent(this.#deps, { label: `again: ${found.label}`, leavesRepeated: true, by });
    for (let start = 0; start < chosen.length; start += SLICE)
      await made.send(await this.#read(chosen.slice(start, start + SLICE)));
    const open = rows.filter(({ ended_at }) => ended_at === null).length;
    return made.answer([
      ...(chosen.length === 0 ? [`no request of the batch ${CHOICE_WORDS[which]}`] : []),
      ...(open > 0
        ? [`${countWords(open, 'request')} of the batch did not end yet, and stay as they are`]
        : []),
    ]);
  }

  #read(ids: readonly string[]): Promise<Row[]> {
    return this.#deps.store.query<Row>(ROWS, JSON.stringify(ids));
  }
}

/** The requests that are sent again together, and what came of it. */
class Resent {
  readonly #deps: ResendDeps;
  readonly #label: string;
  /** Whether those that were sent again before are left. */
  readonly #leavesRepeated: boolean;
  readonly #batch: string;
  readonly #by: string | undefined;
  readonly #accepted: { index: number; toNode: string; id: string }[] = [];
  readonly #refused: Refusal[] = [];
  readonly #warnings: Refusal[] = [];
  #count = 0;

  constructor(
    deps: ResendDeps,
    options: { readonly label: string; readonly leavesRepeated: boolean; readonly by: string | undefined },
  ) {
    this.#deps = deps;
    this.#batch = deps.newId();
    this.#label = options.label;
    this.#leavesRepeated = options.leavesRepeated;
    this.#by = options.by;
  }

  async send(rows: readonly Row[]): Promise<void> {
    const at = this.#deps.clock.wallNow();
    const made: { index: number; row: Row; outgoing: OutgoingMessage }[] = [];
    for (const row of rows) {
      const index = this.#count++;
      if (this.#leavesRepeated && row.resent_as !== null)
        this.#warn(index, `${row.id} was sent again already, as ${row.resent_as}`);
      else if (faultOf(row)) this.#refuse(index, `${row.id} cannot be sent again: ${faultOf(row)}`);
      else made.push({ index, row, outgoing: this.#toOutgoing(row) });
    }
    if (made.length === 0) return;
    const messages = made.map(({ outgoing }) => outgoing);
    await this.#deps.outbox.enqueue(messages, [
      ...batchStatements({
        ...{
          batch: this.#batch,
          label: this.#label,
          submission: undefined,
          count: messages.length,
          at,
        },
        ...{ firstId: messages[0]!.id, lastId: messages.at(-1)!.id },
      }),
      ...optionStatements(
        made
          .filter(({ row }) => row.options !== null)
          .map(({ row, outgoing }) => ({ id: outgoing.id, options: optionsOf(row) })),
      ),
      ...operatorStatements(messages, this.#by),
      stepStatement(
        made.flatMap(({ row, outgoing }) => [
          { id: row.id, at, what: 'resent' as const, other: outgoing.id },
          { id: outgoing.id, at, what: 'resend-of' as const, other: row.id },
        ]),
      ),
    ]);
    for (const { index, row, outgoing } of made)
      this.#accepted.push({ index, toNode: targetOf(row.subject).node, id: outgoing.id });
    this.#deps.metrics.submitted(messages.length);
  }

  answer(notes: readonly string[]): SubmissionAnswer {
    for (const note of notes) this.#warn(null, note);
    return {
      ...(this.#accepted.length > 0 ? { batch: this.#batch } : {}),
      ...{ accepted: this.#accepted, refused: this.#refused, warnings: this.#warnings },
    };
  }

  #toOutgoing(row: Row): OutgoingMessage {
    const format = formatOf(row.format ?? 0);
    const { ackTimeout } = decodeMessage(row.body!, { ...format, maxBytes: this.#deps.maxMessageBytes });
    return {
      ...{ id: this.#deps.newId(), batch: this.#batch, subject: row.subject, format, body: row.body! },
      ackTimeoutMs: ackTimeout * 1000,
      ...optionsOf(row),
    };
  }

  #warn(index: number | null, reason: string): void {
    this.#warnings.push({ index, field: null, reason });
  }

  #refuse(index: number, reason: string): void {
    this.#refused.push({ index, field: null, reason });
  }
}

function optionsOf({ options }: Row): RequestOptions {
  return JSON.parse(options ?? '{}') as RequestOptions;
}

/** Why a request cannot be sent again, or undefined. */
function faultOf({ batch, state, ended_at, body }: Row): string | undefined {
  if (batch === null) return 'it is a message of the node itself';
  if (ended_at === null) return `it has not ended, it is ${state}: cancel it first`;
  if (!body)
    return 'its message is no longer kept: once they have succeeded, large ones and those of effects are dropped';
  return undefined;
}
