import type { RequestSummary } from '../contract/requests.ts';
import type { RequestState } from '../contract/states.ts';
import { formatOf } from '../message/codec/body-format.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { parseSubject } from '../message/subject.ts';
import { LANE_SPAN } from '../store/store.ts';
import { whatText } from './batch-label.ts';

/** A row of the ledger, as lists read it. */
export interface RequestRow {
  readonly key: number;
  readonly id: string;
  readonly batch: string | null;
  readonly state: RequestState;
  readonly reason: string | null;
  readonly queued_at: number;
  readonly sent_at: number | null;
  readonly accepted_at: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly there_started_at: number | null;
  readonly there_ended_at: number | null;
  readonly attempts: number;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly output_bytes: number | null;
  readonly stderr_total: number | null;
  readonly subject: string;
  /** JSON of its schedule. */
  readonly planned: string | null;
  /** The label of its batch. */
  readonly label: string | null;
  readonly format: number | null;
  /** The message, where it is kept and small enough for a list. */
  readonly small_body: Uint8Array | null;
}

/** What a body may take in a list, bytes, as it is stored and unpacked. */
const SMALL_BODY_BYTES = 4096;
const SMALL_MESSAGE_BYTES = 64 * 1024;

/** What `RequestRow` holds, of `ROW_TABLES`. */
export const ROW_COLUMNS = `l.key, l.id, l.batch, l.state, l.reason, l.queued_at, l.sent_at, l.accepted_at, l.started_at,
  l.ended_at, l.there_started_at, l.there_ended_at, l.attempts, l.exit_code, l.signal, l.output_bytes, n.subject,
  coalesce(l.stderr_bytes, length(l.stderr_tail)) AS stderr_total,
  (SELECT r.options ->> '$.schedule' FROM request_options r WHERE r.id = l.id) AS planned,
  b.label, coalesce(o.format, l.format) AS format,
  CASE WHEN length(coalesce(o.body, l.body)) <= ${SMALL_BODY_BYTES} THEN coalesce(o.body, l.body) END AS small_body`;

/** Ledger and lanes, joined. */
export const LANE_TABLES = `ledger l JOIN lanes n ON n.id = l.key / ${LANE_SPAN}`;

/** The same with what is kept of the message, and its batch. */
export const ROW_TABLES = `${LANE_TABLES} LEFT JOIN outbox o ON o.key = l.key LEFT JOIN batches b ON b.id = l.batch`;

/** The shape in which people's programs see a row. */
export function toSummary(row: RequestRow): RequestSummary {
  const { node, method } = targetOf(row.subject);
  return {
    id: row.id,
    batch: row.batch,
    node,
    method,
    what: whatOf(row),
    state: row.state,
    reason: row.reason || null,
    queuedAt: row.queued_at,
    sentAt: row.sent_at,
    acceptedAt: row.accepted_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    tookMs: tookMs(row),
    // What was taken was sent, although an answer that came at once left no note of the attempt.
    attempts: row.accepted_at === null ? row.attempts : Math.max(1, row.attempts),
    exitCode: row.exit_code,
    signal: row.signal || null,
    outputBytes: row.output_bytes,
    stderrBytes: row.stderr_total,
    ...(row.planned === null ? {} : { schedule: JSON.parse(row.planned) as unknown }),
  };
}

function whatOf({ small_body: body, format, label }: RequestRow): string {
  if (body === null) return label ?? '';
  try {
    return whatText(decodeMessage(body, { ...formatOf(format ?? 0), maxBytes: SMALL_MESSAGE_BYTES }));
  } catch {
    return label ?? '';
  }
}

/** How long it ran by its node's clock, ms; null where that is not known. */
export function tookMs(row: Pick<RequestRow, 'there_started_at' | 'there_ended_at'>): number | null {
  const { there_started_at: from, there_ended_at: to } = row;
  return from === null || to === null ? null : Math.max(0, to - from);
}

/** The node and the method that a subject names. */
export function targetOf(subject: string): { node: string; method: string } {
  const parsed = parseSubject(subject);
  return { node: parsed?.toNode ?? subject, method: parsed?.method ?? '' };
}

/** The lowest UUIDv7 of a millisecond: ids sort by the time at which they were made. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
