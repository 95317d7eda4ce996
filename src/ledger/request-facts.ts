import type { OutputSummary } from '../contract/requests.ts';
import { ENDLESS } from '../store/endless.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';
import type { RequestOptions, Step } from './batch-rows.ts';
import { type RequestRow, ROW_COLUMNS, ROW_TABLES } from './request-row.ts';

/** All that the database knows of a request. */
export interface RequestFacts {
  readonly row: DetailRow;
  readonly steps: readonly StoredStep[];
  readonly options: RequestOptions;
  /** How many messages of its lane go before it, while it waits. */
  readonly ahead: number;
  readonly stdout: OutputSummary;
  readonly stderr: OutputSummary;
}

/** A row with what lists leave out. */
export interface DetailRow extends RequestRow {
  readonly there_accepted_at: number | null;
  readonly there_started_at: number | null;
  readonly there_ended_at: number | null;
  readonly stderr_bytes: number | null;
  readonly stderr_tail: Uint8Array | null;
  readonly expires_at: number | null;
  readonly schedule: string | null;
  readonly body: Uint8Array | null;
}

/** A step as it is stored. */
export interface StoredStep {
  readonly at: number;
  readonly what: Step['what'];
  readonly other: string | null;
  readonly note: string | null;
}

const DETAIL = `SELECT ${ROW_COLUMNS}, l.there_accepted_at, l.there_started_at, l.there_ended_at, l.stderr_bytes,
    l.stderr_tail, CASE WHEN o.expires_at BETWEEN 0 AND ${ENDLESS - 1} THEN o.expires_at END AS expires_at, o.schedule, coalesce(o.body, l.body) AS body
  FROM ${ROW_TABLES} WHERE l.id = ?`;

const AHEAD = `SELECT count(*) AS n FROM ledger l JOIN outbox o
  ON o.key >= l.key / ${LANE_SPAN} * ${LANE_SPAN} AND o.key < l.key
  WHERE l.id = ? AND l.state IN ('queued', 'sent')`;

interface Kept {
  readonly stream: number;
  readonly kept: number;
  readonly printed: number;
}

/** What is known of the message with an id, one of the node's own included; undefined where nothing is. */
export async function readFacts(store: Store, id: string): Promise<RequestFacts | undefined> {
  const [rows, steps, options, ahead, kept] = (await store.queryAll([
    { sql: DETAIL, params: [id] },
    { sql: 'SELECT at, what, other, note FROM steps WHERE id = ? ORDER BY row', params: [id] },
    { sql: 'SELECT options FROM request_options WHERE id = ?', params: [id] },
    { sql: AHEAD, params: [id] },
    {
      sql: `SELECT stream, sum(length(data)) AS kept, max(offset + length(data)) AS printed
            FROM outputs WHERE id = ? GROUP BY stream`,
      params: [id],
    },
  ])) as [DetailRow[], StoredStep[], { options: string }[], { n: number }[], Kept[]];
  const [row] = rows;
  if (!row) return undefined;
  // 0: the tail is the end of the whole output, and nothing of stderr by itself.
  const tail = row.stderr_bytes === 0 ? 0 : (row.stderr_tail?.length ?? 0);
  return {
    row,
    steps,
    options: JSON.parse(options[0]?.options ?? '{}') as RequestOptions,
    ahead: ahead[0]?.n ?? 0,
    stdout: summary(kept, 1, { kept: 0, printed: row.output_bytes ?? 0 }),
    stderr: summary(kept, 2, { kept: tail, printed: row.stderr_bytes ?? tail }),
  };
}

/** Of a stream that nobody followed while it ran, the ledger's row has what there is. */
function summary(
  all: readonly Kept[],
  stream: number,
  inRow: { kept: number; printed: number },
): OutputSummary {
  const found = all.find((one) => one.stream === stream);
  return {
    keptBytes: found?.kept ?? inRow.kept,
    totalBytes: Math.max(found?.printed ?? 0, inRow.printed),
  };
}
