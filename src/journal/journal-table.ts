import { LOST } from '../message/output.ts';
import { type Priority, priorityOf } from '../message/priority.ts';
import type { ReportEntry } from '../message/report.ts';
import type { KeptTimes } from '../store/kept-clock.ts';
import { LANE_SPAN, type SqlValue, type Statement, statement } from '../store/store.ts';

/** A request as the journal keeps it. Times are unix ms. */
export interface JournalRow {
  readonly row: number;
  /** Null for what came from a node that does not speak lanes. */
  readonly lane: number | null;
  readonly seq: number | null;
  readonly id: string;
  readonly fromNode: string;
  readonly subject: string;
  readonly expiresAt: number | null;
  readonly acceptedAt: number;
  readonly format: number;
  /** Let go of once it is decoded. */
  body: Uint8Array;
  /** When it is to run again and again, as JSON. */
  readonly schedule?: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output?: string | null;
  /** What its sender wants the reply to it to go before; null for the usual. */
  readonly priority?: Priority | null;
  /** The key of which only its sender's newest request counts; null where there is none. */
  readonly supersedes?: string | null;
  /** Whether it was under way when an earlier life of this node ended. */
  readonly wasRunning?: boolean;
}

/** How a row ended. */
export type RowEnd = Omit<ReportEntry, 'id'>;

/** Statement that enters requests that are to be run. */
export function insertAccepted(rows: readonly JournalRow[]): Statement {
  return {
    sql: `INSERT INTO journal (row, lane, seq, id, from_node, subject, state, not_after, accepted_at, reported, format, body,
            schedule, output, priority, supersedes)
          VALUES (?, ?, ?, ?, ?, ?, 'accepted', ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
    rows: rows.map((row): SqlValue[] => [
      ...[row.row, row.lane, row.seq, row.id, row.fromNode, row.subject],
      ...[row.expiresAt, row.acceptedAt, row.format, row.body, row.schedule ?? null],
      ...[row.output ?? null, row.priority ?? null, row.supersedes ?? null],
    ]),
  };
}

/** Statement that enters messages that were refused, so that a repeated question gets the same answer. */
export function insertRefused(
  rows: readonly (Omit<JournalRow, 'body' | 'format'> & { state: 'rejected' | 'expired'; reason: string })[],
): Statement {
  return {
    sql: `INSERT INTO journal (row, lane, seq, id, from_node, subject, state, not_after, accepted_at, ended_at, reason, reported, format)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0)`,
    rows: rows.map((row): SqlValue[] => [
      ...[row.row, row.lane, row.seq, row.id, row.fromNode, row.subject, row.state],
      ...[row.expiresAt, row.acceptedAt, row.acceptedAt, row.reason],
    ]),
  };
}

/** Statement that notes that a run begins: after a crash it counts as interrupted, or goes on. */
export function markRunning(row: number, at: number): Statement {
  return statement(
    `UPDATE journal SET state = 'running', started_at = coalesce(started_at, ?) WHERE row = ?`,
    at,
    row,
  );
}

/** Statement that notes that a request which was to begin with its acceptance waits for its turn after all. */
export function markWaiting(row: number): Statement {
  return statement(`UPDATE journal SET state = 'accepted', started_at = NULL WHERE row = ?`, row);
}

/** Statement that notes that a request goes on as another message, and ends with it (`endForwarded`). */
export function markForwarded(row: number, forward: string, replyKey: string | undefined): Statement {
  return statement(
    `UPDATE journal SET state = 'forwarded', forward = ?, reply_key = ?, body = NULL WHERE row = ?`,
    ...[forward, replyKey ?? null, row],
  );
}

/** Statement that notes how far the output of a run was sent. */
export function markTold(row: number, { stdout, stderr }: { stdout: number; stderr: number }): Statement {
  return statement('UPDATE journal SET stdout_sent = ?, stderr_sent = ? WHERE row = ?', stdout, stderr, row);
}

/** Statement that notes how a run ended; where the sender speaks lanes, it is to be reported. */
export function markEnded(
  row: number,
  end: RowEnd & { readonly endedAt: number },
  isReported: boolean,
): Statement {
  return statement(
    `UPDATE journal SET state = ?, reason = ?, exit_code = ?, signal = ?, stderr_tail = ?, stderr_bytes = ?,
       output_bytes = ?, stdout = ?, stdout_sent = ?, ended_at = ?, reported = ?, body = NULL WHERE row = ?`,
    ...[end.state, end.reason ?? null, end.exitCode ?? null, end.signal ?? null, end.stderrTail ?? null],
    ...[end.stderrBytes ?? null, end.outputBytes ?? null, end.stdout ?? null, end.stdoutFrom ?? null],
    ...[end.endedAt, isReported ? 1 : 0, row],
  );
}

/** Statement that notes with a request that has ended that its output is lost: that is to be reported then. */
export function markOutputLost(id: string, loss: string): Statement {
  return statement(
    `UPDATE journal SET reason = coalesce(reason || '; ', '') || ?, reported = lane IS NULL
     WHERE id = ? AND ended_at IS NOT NULL AND instr(coalesce(reason, ''), ?) = 0`,
    ...[loss, id, LOST],
  );
}

/** Statement that notes that ends were reported; their output is then the sender's to keep. */
export function markReported(rows: readonly number[]): Statement {
  return {
    sql: 'UPDATE journal SET reported = 1, stdout = NULL WHERE row = ?',
    rows: rows.map((row) => [row]),
  };
}

/**
 * Statement that ends requests that went on as messages which have ended, as the ledger has it; it comes after the ledger's
 * own in the same transaction. `stdout` is the last of the output where it came with the end: else it is what is kept of it.
 */
export function endForwarded(ended: readonly ForwardEnd[]): Statement {
  return {
    sql: `UPDATE journal SET
            state = ${STATE_HERE},
            reason = CASE WHEN l.state IN ('undelivered', 'expired', 'rejected')
              THEN (SELECT subject FROM lanes WHERE id = l.key / ${LANE_SPAN}) || ': ' || l.reason ELSE l.reason END,
            exit_code = l.exit_code, signal = l.signal, stderr_tail = l.stderr_tail, output_bytes = l.output_bytes,
            stderr_bytes = l.stderr_bytes,
            stdout = coalesce(?1, (SELECT data ${LAST_OUTPUT})),
            stdout_sent = CASE WHEN ?1 IS NULL THEN (SELECT offset ${LAST_OUTPUT}) ELSE ?2 END,
            started_at = l.started_at, ended_at = l.ended_at, reported = lane IS NULL
          FROM ledger l WHERE journal.forward = ?3 AND l.id = ?3 AND l.ended_at IS NOT NULL
            AND (?1 IS NOT NULL OR journal.ended_at IS NOT l.ended_at OR journal.state <> ${STATE_HERE})`,
    rows: ended.map(({ id, stdout, stdoutFrom }): SqlValue[] => [stdout ?? null, stdoutFrom ?? null, id]),
  };
}

/** A message that has ended, and what is new of its output. */
export type ForwardEnd = Pick<ReportEntry, 'id' | 'stdout' | 'stdoutFrom'>;

const STATE_HERE = "CASE l.state WHEN 'accepted' THEN 'handed-over' ELSE l.state END";
const LAST_OUTPUT = 'FROM outputs WHERE id = l.id AND stream = 1 ORDER BY offset DESC LIMIT 1';

/** The times of what was accepted and has not ended. */
export const journalTimes: KeptTimes = {
  shift: (ms) => [
    statement(
      'UPDATE journal SET not_after = not_after + ? WHERE ended_at IS NULL AND not_after IS NOT NULL',
      ms,
    ),
    statement('UPDATE schedule_starts SET started = started + ?', ms),
  ],
  anySql: "SELECT 1 FROM journal WHERE state IN ('accepted', 'running') LIMIT 1",
};

/** Statement that moves the dates of what was accepted and has not ended, ms. */
export function shiftAccepted(ms: number): Statement {
  const sql = `UPDATE journal SET accepted_at = accepted_at + ?, started_at = started_at + ? WHERE state IN ('accepted', 'running')`;
  return statement(sql, ms, ms);
}

/** A row of the table `journal`, as it is read. */
export interface StoredRow {
  readonly row: number;
  readonly lane: number | null;
  readonly seq: number | null;
  readonly id: string;
  readonly from_node: string;
  readonly subject: string;
  readonly state: string;
  readonly not_after: number | null;
  readonly accepted_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly stderr_tail: Uint8Array | null;
  readonly stderr_bytes: number | null;
  readonly output_bytes: number | null;
  /** The last of what it printed, until that is reported. */
  readonly stdout: Uint8Array | null;
  readonly format: number;
  readonly body: Uint8Array | null;
  /** The id of the message that the request goes on as. */
  readonly forward: string | null;
  /** When it is to run again and again, as JSON. */
  readonly schedule: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output: string | null;
  readonly priority: string | null;
  readonly supersedes: string | null;
  /** How far its output was sent, and what is left of it begins, bytes. */
  readonly stdout_sent: number | null;
  readonly stderr_sent: number | null;
}

/** The request that a stored row is about. */
export function toRow(stored: StoredRow): JournalRow {
  return {
    row: stored.row,
    lane: stored.lane,
    seq: stored.seq,
    id: stored.id,
    fromNode: stored.from_node,
    subject: stored.subject,
    // What had begun in time may go on.
    expiresAt: stored.state === 'running' ? null : stored.not_after,
    acceptedAt: stored.accepted_at,
    format: stored.format,
    body: stored.body ?? new Uint8Array(0),
    schedule: stored.schedule,
    output: stored.output,
    priority: priorityOf(stored.priority) ?? null,
    supersedes: stored.supersedes,
    wasRunning: stored.state === 'running',
  };
}

/** What is to be reported of a stored row. */
export function toReport(stored: StoredRow): ReportEntry {
  return {
    id: stored.id,
    state: stored.state as ReportEntry['state'],
    acceptedAt: stored.accepted_at,
    ...(stored.reason === null ? {} : { reason: stored.reason }),
    ...(stored.exit_code === null ? {} : { exitCode: stored.exit_code }),
    ...(stored.signal === null ? {} : { signal: stored.signal }),
    ...(stored.stderr_tail === null ? {} : { stderrTail: stored.stderr_tail }),
    ...(stored.stderr_bytes === null ? {} : { stderrBytes: stored.stderr_bytes }),
    ...(stored.stdout === null ? {} : { stdout: stored.stdout, stdoutFrom: stored.stdout_sent ?? 0 }),
    ...(stored.output_bytes === null ? {} : { outputBytes: stored.output_bytes }),
    ...(stored.started_at === null ? {} : { startedAt: stored.started_at }),
    ...(stored.ended_at === null ? {} : { endedAt: stored.ended_at }),
  };
}
