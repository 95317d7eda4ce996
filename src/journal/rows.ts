import type { ReportEntry } from '../message/report.ts';
import type { SqlValue, Statement } from '../store/statement.ts';
import { statement } from '../store/statement.ts';

/** A request as the journal keeps it. Times are unix ms. */
export interface JournalRow {
  readonly row: number;
  /** Null for what came from a node that does not speak lanes. */
  readonly lane: number | null;
  readonly seq: number | null;
  readonly id: string;
  readonly fromNode: string;
  readonly subject: string;
  readonly notAfter: number | null;
  readonly acceptedAt: number;
  readonly format: number;
  readonly body: Uint8Array;
  /** When it is to run again and again, as JSON. */
  readonly schedule?: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output?: string | null;
}

/** How a row ended. */
export type RowEnd = Omit<ReportEntry, 'id'>;

/** Statement that enters requests that are to be run. */
export function insertAccepted(rows: readonly JournalRow[]): Statement {
  return {
    sql: `INSERT INTO journal (row, lane, seq, id, from_node, subject, state, not_after, accepted_at, reported, format, body,
            schedule, output)
          VALUES (?, ?, ?, ?, ?, ?, 'accepted', ?, ?, 1, ?, ?, ?, ?)`,
    rows: rows.map((row): SqlValue[] => [
      ...[row.row, row.lane, row.seq, row.id, row.fromNode, row.subject],
      ...[row.notAfter, row.acceptedAt, row.format, row.body, row.schedule ?? null],
      row.output ?? null,
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
      ...[row.notAfter, row.acceptedAt, row.acceptedAt, row.reason],
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

/** Statement that notes that a request goes on as another message; when that ends, a trigger ends the request. */
export function markForwarded(row: number, forward: string, replyKey: string | undefined): Statement {
  return statement(
    `UPDATE journal SET state = 'forwarded', forward = ?, reply_key = ?, body = NULL WHERE row = ?`,
    ...[forward, replyKey ?? null, row],
  );
}

/** Statement that notes how far the output of a run is told of. */
export function markTold(row: number, { stdout, stderr }: { stdout: number; stderr: number }): Statement {
  return statement('UPDATE journal SET stdout_sent = ?, stderr_sent = ? WHERE row = ?', stdout, stderr, row);
}

/** Statement that notes how a run ended; where the sender speaks lanes, it is to be reported. */
export function markEnded(row: number, end: RowEnd, isReported: boolean): Statement {
  return statement(
    `UPDATE journal SET state = ?, reason = ?, exit_code = ?, signal = ?, stderr_tail = ?, stderr_bytes = ?,
       output_bytes = ?, stdout = ?, stdout_sent = ?, ended_at = ?, reported = ?, body = NULL WHERE row = ?`,
    ...[end.state, end.reason ?? null, end.exitCode ?? null, end.signal ?? null, end.stderrTail ?? null],
    ...[end.stderrBytes ?? null, end.outputBytes ?? null, end.stdout ?? null, end.stdoutFrom ?? null],
    ...[end.endedAt ?? Date.now(), isReported ? 1 : 0, row],
  );
}

/** Statement that notes that ends were reported; their output is then the sender's to keep. */
export function markReported(rows: readonly number[]): Statement {
  return {
    sql: 'UPDATE journal SET reported = 1, stdout = NULL WHERE row = ?',
    rows: rows.map((row) => [row]),
  };
}
