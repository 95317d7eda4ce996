import type { RequestSummary } from '../contract/requests.ts';
import type { RequestState } from '../contract/states.ts';
import { parseSubject } from '../message/subject.ts';

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
  readonly subject: string;
}

/** The part of a key above the place in a lane: the lane's number. */
export const LANE_SPAN = 2 ** 32;

/** What `RequestRow` holds, of `ledger l JOIN lanes n`. */
export const ROW_COLUMNS = `l.key, l.id, l.batch, l.state, l.reason, l.queued_at, l.sent_at, l.accepted_at, l.started_at,
  l.ended_at, l.there_started_at, l.there_ended_at, l.attempts, l.exit_code, l.signal, l.output_bytes, n.subject`;

/** Ledger and lanes, joined. */
export const ROW_TABLES = `ledger l JOIN lanes n ON n.id = l.key / ${LANE_SPAN}`;

/** The shape in which people's programs see a row. */
export function toSummary(row: RequestRow): RequestSummary {
  const { node, method } = placeOf(row.subject);
  return {
    id: row.id,
    batch: row.batch,
    node,
    method,
    state: row.state,
    reason: row.reason || null,
    queuedAt: row.queued_at,
    sentAt: row.sent_at,
    acceptedAt: row.accepted_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    tookMs: tookMs(row),
    attempts: row.attempts,
    exitCode: row.exit_code,
    signal: row.signal || null,
    outputBytes: row.output_bytes,
  };
}

function tookMs(row: RequestRow): number | null {
  const { there_started_at: from, there_ended_at: to } = row;
  return from === null || to === null ? null : Math.max(0, to - from);
}

/** The node and the method that a subject names. */
export function placeOf(subject: string): { node: string; method: string } {
  const parsed = parseSubject(subject);
  return { node: parsed?.toNode ?? subject, method: parsed?.method ?? '' };
}

/** The lowest UUIDv7 of a millisecond: ids sort by the time at which they were made. */
export function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
