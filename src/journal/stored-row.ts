import type { ReportEntry } from '../message/report.ts';
import type { JournalRow } from './rows.ts';

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
  /** How far its output is told of, and what is left of it begins, bytes. */
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
    notAfter: stored.state === 'running' ? null : stored.not_after,
    acceptedAt: stored.accepted_at,
    format: stored.format,
    body: stored.body ?? new Uint8Array(0),
    schedule: stored.schedule,
    output: stored.output,
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
