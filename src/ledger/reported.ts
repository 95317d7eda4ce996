import { isEnd, type RequestState } from '../contract/states.ts';
import { type BodyFormat, formatOf } from '../message/codec/body-format.ts';
import { LOST } from '../message/output.ts';
import type { ReportEntry } from '../message/report.ts';
import { type Statement, statement } from '../store/store.ts';
import type { RequestRow } from './request-row.ts';

/** A message that has come to its end, with the bytes from which it can be sent again. */
export interface FinishedMessage {
  readonly id: string;
  readonly batch: string | null;
  readonly state: RequestState;
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** The same moments by the clock of the node that ran it, as far as it told. */
  readonly there: TimesThere;
  readonly attempts: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly format: BodyFormat;
  /** Absent where the body was no longer kept. */
  readonly body: Uint8Array | null;
}

interface TimesThere {
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** What reports need of a row of the ledger, with what it or the outbox still has of its message. */
export interface LedgerRow
  extends Pick<RequestRow, 'key' | 'id' | 'batch' | 'state' | 'reason' | 'queued_at' | 'accepted_at'>,
    Pick<RequestRow, 'started_at' | 'there_started_at' | 'attempts' | 'format' | 'subject'> {
  sent_at: number | null;
  readonly there_accepted_at: number | null;
  readonly body: Uint8Array | null;
}

/** States that a report may still change: what is open, and what was given up while it was on its way. */
const CORRECTABLE = `('queued', 'sent', 'accepted', 'running', 'undelivered', 'expired', 'superseded', 'cancelled', 'lost', 'handed-over')`;

/** Up to this size the body of a request is kept after it has succeeded, so that it can be shown and sent again, bytes. */
const SMALL_BODY_BYTES = 4096;

const KEPT_BODY = 'coalesce(body, (SELECT o.body FROM outbox o WHERE o.key = ledger.key))';

/** Whether a report tells of an end. */
export function reportsEnd({ state }: ReportEntry): boolean {
  return isEnd(state);
}

/** Whether an end is news: nothing final is known, or what is known was said before it could be. */
export function isOpen(state: RequestState): boolean {
  return (
    !isEnd(state) ||
    state === 'undelivered' ||
    state === 'expired' ||
    state === 'superseded' ||
    state === 'cancelled' ||
    state === 'lost' ||
    state === 'handed-over'
  );
}

/**
 * When a message began to run, by this node's clock: as long after it was taken as the target's clock says, and never
 * later than it was heard of. Undefined where nothing is known of it.
 */
export function startedHere(
  row: Pick<LedgerRow, 'accepted_at' | 'started_at'>,
  entry: ReportEntry,
  at: number,
): number | undefined {
  if (row.started_at !== null) return row.started_at;
  const { startedAt, acceptedAt = startedAt } = entry;
  if (startedAt === undefined || acceptedAt === undefined) return reportsEnd(entry) ? undefined : at;
  return Math.min(at, (row.accepted_at ?? at) + Math.max(0, startedAt - acceptedAt));
}

/** Statement for a message that runs. It may be known before the answer that the message was taken, which finds no body to keep then. */
export function running(row: LedgerRow, entry: ReportEntry, at: number): Statement {
  if (!isOpen(row.state) && entry.reason?.startsWith(LOST)) return lostOutput(row, entry.reason);
  return statement(
    `UPDATE ledger SET state = 'running', sent_at = coalesce(sent_at, ?), attempts = max(attempts, 1), started_at = coalesce(started_at, ?),
       accepted_at = coalesce(accepted_at, ?), ended_at = NULL,
       there_accepted_at = coalesce(?, there_accepted_at), there_started_at = coalesce(?, there_started_at),
       reason = CASE WHEN state = 'running' AND instr(reason, ?) = 1 THEN reason ELSE coalesce(?, CASE WHEN state = 'running' THEN reason END) END,
       format = coalesce(format, (SELECT o.format FROM outbox o WHERE o.key = ledger.key)), body = ${KEPT_BODY}
     WHERE key = ? AND state IN ('queued', 'sent', 'accepted', 'running', 'undelivered', 'expired', 'superseded', 'lost')`,
    ...[
      row.sent_at,
      startedHere(row, entry, at) ?? at,
      at,
      entry.acceptedAt ?? null,
      entry.startedAt ?? null,
    ],
    // That output was lost is still to be told with the end.
    ...[LOST, entry.reason ?? null, row.key],
  );
}

/** Statement for a message that has ended. */
export function ended(row: LedgerRow, end: ReportEntry, at: number): Statement {
  const loss = isOpen(row.state) ? undefined : end.reason?.slice(end.reason.indexOf(LOST));
  if (end.state === row.state && loss?.startsWith(LOST)) return lostOutput(row, loss);
  return statement(
    `UPDATE ledger SET state = ?, reason = ?, exit_code = ?, signal = ?, stderr_tail = ?, stderr_bytes = ?,
       output_bytes = ?, sent_at = coalesce(sent_at, ?), attempts = max(attempts, 1), accepted_at = coalesce(accepted_at, ?), started_at = coalesce(started_at, ?), ended_at = ?,
       there_accepted_at = coalesce(?, there_accepted_at), there_started_at = coalesce(?, there_started_at),
       there_ended_at = ?,
       format = coalesce(format, (SELECT o.format FROM outbox o WHERE o.key = ledger.key)),
       body = CASE WHEN ? = 'succeeded' AND length(${KEPT_BODY}) > ${SMALL_BODY_BYTES} THEN NULL ELSE ${KEPT_BODY} END
     WHERE key = ? AND state IN ${CORRECTABLE}`,
    ...[end.state, reasonOf(row, end), end.exitCode ?? null, end.signal ?? null],
    ...[end.stderrTail ?? null, end.stderrBytes ?? null, end.outputBytes ?? null],
    ...[row.sent_at, at, startedHere(row, end, at) ?? null, at],
    ...[end.acceptedAt ?? null, end.startedAt ?? null, end.endedAt ?? null, end.state, row.key],
  );
}

/** What is handed on of a message that has ended. */
export function toFinished(row: LedgerRow, end: ReportEntry, at: number): FinishedMessage {
  return {
    id: row.id,
    batch: row.batch,
    state: end.state,
    reason: reasonOf(row, end),
    queuedAt: row.queued_at,
    sentAt: row.sent_at,
    acceptedAt: row.accepted_at ?? at,
    startedAt: startedHere(row, end, at) ?? null,
    endedAt: at,
    there: {
      acceptedAt: end.acceptedAt ?? row.there_accepted_at,
      startedAt: end.startedAt ?? row.there_started_at,
      endedAt: end.endedAt ?? null,
    },
    attempts: Math.max(1, row.attempts),
    exitCode: end.exitCode ?? null,
    signal: end.signal ?? null,
    format: formatOf(row.format ?? 0),
    body: row.body,
  };
}

/** Statement for a message that has ended, and of whose output it is then told that it was lost. */
function lostOutput({ key }: Pick<LedgerRow, 'key'>, reason: string): Statement {
  return statement(
    `UPDATE ledger SET reason = coalesce(reason || '; ', '') || ? WHERE key = ? AND instr(coalesce(reason, ''), ?) = 0`,
    ...[reason, key, LOST],
  );
}

/** That output was lost is told before the end, with the pieces that had to give way or by the reply that could not be kept. */
function reasonOf({ state, reason }: LedgerRow, end: ReportEntry): string | null {
  if (state !== 'running' || !reason?.startsWith(LOST) || end.reason?.includes(LOST))
    return end.reason ?? null;
  return end.reason === undefined ? reason : `${end.reason}; ${reason}`;
}
