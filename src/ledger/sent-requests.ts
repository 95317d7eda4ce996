import { isEnd, type RequestState } from '../contract/states.ts';
import type { SentRequest } from '../message/sent-request.ts';
import { LANE_SPAN } from '../store/lane-span.ts';
import type { Store } from '../store/store.ts';

type Row = Omit<SentRequest, 'isOpen'> & { readonly state: RequestState };

/** What was given up here may have arrived. */
const DOUBTFUL: ReadonlySet<RequestState> = new Set<RequestState>(['undelivered', 'expired', 'lost']);
const COLUMNS = `l.id, l.state, l.place, n.subject, coalesce(o.format, l.format, 0) AS format, coalesce(o.body, l.body) AS body
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

  /** Those to a subject, the newest first. */
  requestsTo(subject: string, limit: number): SentRequest[] {
    const found: SentRequest[] = [];
    const lanes = this.#store.all<{ id: number }>(
      'SELECT id FROM lanes WHERE subject = ? ORDER BY id DESC',
      subject,
    );
    for (const { id } of lanes) {
      const sql = `SELECT ${COLUMNS} WHERE l.key BETWEEN ? AND ? ORDER BY l.key DESC LIMIT ?`;
      const rows = this.#store.all<Row>(sql, id * LANE_SPAN, (id + 1) * LANE_SPAN - 1, limit - found.length);
      found.push(...rows.map(toRequest));
      if (found.length >= limit) break;
    }
    return found;
  }
}

function toRequest({ state, ...rest }: Row): SentRequest {
  return { ...rest, isOpen: !isEnd(state) || DOUBTFUL.has(state) };
}
