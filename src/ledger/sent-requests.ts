import { isEnd, type RequestState } from '../contract/states.ts';
import type { SentRequest } from '../message/sent-request.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';

type Keyed = SentRequest & { readonly key: number };
type Row = Omit<Keyed, 'isOpen'> & { readonly state: RequestState };

/** What was given up here may have arrived. */
const DOUBTFUL: ReadonlySet<RequestState> = new Set<RequestState>(['undelivered', 'expired', 'lost']);
/** A body may be large: it is read where something is looked up in it. */
const BODY = `CASE WHEN l.place IS NULL OR n.subject LIKE '%.REQCopyFileFrom.%'
  OR (n.subject LIKE '%.REQRelay.%' AND length(coalesce(o.body, l.body)) < 65536) THEN coalesce(o.body, l.body) END`;
const COLUMNS = `l.key, l.id, l.state, l.place AS replyDigest, n.subject, coalesce(o.format, l.format, 0) AS format, ${BODY} AS body
  FROM ledger l JOIN lanes n ON n.id = l.key / ${LANE_SPAN} LEFT JOIN outbox o ON o.key = l.key`;

/** Finds requests of this node, for whoever asks what their replies may do. */
export class SentRequests {
  readonly #store: Pick<Store, 'get' | 'all'>;

  constructor(store: Pick<Store, 'get' | 'all'>) {
    this.#store = store;
  }

  /** The request with an id, or undefined. */
  sentRequest(id: string): SentRequest | undefined {
    const row = this.#store.get<Row>(`SELECT ${COLUMNS} WHERE l.id = ?`, id);
    return row && toRequest(row);
  }

  /** Those to a subject behind a key, the newest first. */
  requestsTo(subject: string, limit: number, after: number): Keyed[] {
    const found: Keyed[] = [];
    const lanes = this.#store.all<{ id: number }>(
      'SELECT id FROM lanes WHERE subject = ? AND id >= ? ORDER BY id DESC',
      ...[subject, Math.floor(after / LANE_SPAN)],
    );
    for (const { id } of lanes) {
      const sql = `SELECT ${COLUMNS} WHERE l.key BETWEEN ? AND ? ORDER BY l.key DESC LIMIT ?`;
      const from = Math.max(id * LANE_SPAN, after + 1);
      const rows = this.#store.all<Row>(sql, from, (id + 1) * LANE_SPAN - 1, limit - found.length);
      found.push(...rows.map(toRequest));
      if (found.length >= limit) break;
    }
    return found;
  }
}

function toRequest({ state, ...rest }: Row): Keyed {
  return { ...rest, isOpen: !isEnd(state) || DOUBTFUL.has(state) };
}
