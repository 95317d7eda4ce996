import { OperationError } from '../contract/operation-error.ts';
import type { CancelResult } from '../contract/requests.ts';
import { isEnd, type RequestState } from '../contract/states.ts';
import { batchRanges } from '../ledger/batch-ranges.ts';
import { stepStatement } from '../ledger/batch-rows.ts';
import { operatorStatements } from '../ledger/operators.ts';
import { LANE_TABLES } from '../ledger/request-row.ts';
import { TemporaryError } from '../lib/temporary-error.ts';
import { receiverOf } from '../message/subject.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import type { Store } from '../store/store.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

interface CancelDeps {
  readonly store: Store;
  readonly undelivered: Pick<Undelivered, 'cancelKeys'>;
  readonly sending: Pick<RepliesAndReports, 'cancel'>;
  readonly now: () => number;
}

interface OpenRow {
  readonly id: string;
  readonly key: number;
  readonly state: RequestState;
  readonly ended_at: number | null;
  readonly subject: string;
}

/** Why a request ended that this node called off while it had it. */
export const CANCELLED_HERE = 'cancelled before it was delivered';
/** How many requests one message asks to end. */
const IDS_IN_MESSAGE = 500;

const COLUMNS = 'l.id, l.key, l.state, l.ended_at, n.subject';

/**
 * Ends requests: those that wait here end at once, those that their node has are asked for there. One that was sent
 * without an answer is both, since it may have arrived.
 */
export class RequestCancelling {
  readonly #deps: CancelDeps;

  constructor(deps: CancelDeps) {
    this.#deps = deps;
  }

  /** Ends one request. */
  async request(id: string, by?: string): Promise<CancelResult> {
    const [result] = await this.#cancel(await this.#read([id]), by);
    return result ?? { id, result: 'unknown' };
  }

  /** Ends the requests of a batch that have not ended. */
  async batch(batch: string, by?: string): Promise<CancelResult[]> {
    const { store } = this.#deps;
    const rows = await store.query<OpenRow>(
      `SELECT ${COLUMNS} FROM json_each(?) r CROSS JOIN ${LANE_TABLES}
       WHERE l.id BETWEEN r.value ->> 0 AND r.value ->> 1 AND l.batch = ? AND l.ended_at IS NULL ORDER BY l.id`,
      ...[JSON.stringify(await batchRanges(store, batch)), batch],
    );
    return await this.#cancel(rows, by);
  }

  async #cancel(rows: readonly OpenRow[], by: string | undefined): Promise<CancelResult[]> {
    const waiting = rows.filter(isWaiting);
    const { ended, doubtful } = await this.#endHere(waiting, by);
    // What was delivered in the meantime is with its node now.
    const delivered = await this.#read(waiting.filter(({ key }) => !ended.has(key)).map(({ id }) => id));
    const there = [...rows.filter((row) => !isWaiting(row)), ...delivered].filter(isOpen);
    await this.#askNodes([...doubtful, ...there], by);
    const asked = new Set(there.map(({ id }) => id));
    return rows.map(({ id, key }) => {
      if (ended.has(key)) return { id, result: 'cancelled' };
      return { id, result: asked.has(id) ? 'asked' : 'ended' };
    });
  }

  /** Ends what waits here; `doubtful` is what may have arrived all the same. */
  async #endHere(
    waiting: readonly OpenRow[],
    by: string | undefined,
  ): Promise<{ ended: { has(key: number): boolean }; doubtful: OpenRow[] }> {
    if (waiting.length === 0) return { ended: new Set(), doubtful: [] };
    const keys = waiting.map(({ key }) => key);
    const ended = await this.#deps.undelivered
      .cancelKeys(keys, withName(CANCELLED_HERE, by))
      .catch(asRefusal);
    const doubtful = waiting.filter(({ key, state }) => {
      const about = ended.get(key);
      // What an earlier life of this node sent may have arrived.
      return about && (about.mayHaveArrived || (about.attempts === 0 && state === 'sent'));
    });
    return { ended, doubtful };
  }

  async #askNodes(rows: readonly OpenRow[], by: string | undefined): Promise<void> {
    const { sending, now } = this.#deps;
    for (const [node, ofNode] of Map.groupBy(rows, ({ subject }) => receiverOf(subject))) {
      for (let start = 0; start < ofNode.length; start += IDS_IN_MESSAGE) {
        const ids = ofNode.slice(start, start + IDS_IN_MESSAGE).map(({ id }) => id);
        const at = now();
        const note = withName(`${node} was asked to end it`, by);
        await sending.cancel(node, ids, (message) => [
          stepStatement(ids.map((id) => ({ id, at, what: 'cancel-asked' as const, note }))),
          ...operatorStatements([{ id: message }], by),
        ]);
      }
    }
  }

  #read(ids: readonly string[]): Promise<OpenRow[]> {
    return this.#deps.store.query<OpenRow>(
      `SELECT ${COLUMNS} FROM json_each(?) wanted CROSS JOIN ${LANE_TABLES} WHERE l.id = wanted.value`,
      JSON.stringify(ids),
    );
  }
}

/** The text with who wanted it, where that is known. */
function withName(text: string, by: string | undefined): string {
  return by === undefined ? text : `${text}, by ${by}`;
}

function isWaiting({ state }: OpenRow): boolean {
  return state === 'queued' || state === 'sent';
}

function isOpen({ state, ended_at }: OpenRow): boolean {
  return !isEnd(state) && ended_at === null;
}

function asRefusal(error: unknown): never {
  if (error instanceof TemporaryError) throw new OperationError('busy', error.message, { cause: error });
  throw error;
}
