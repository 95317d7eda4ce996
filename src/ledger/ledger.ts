import { type BodyFormat, formatOf } from '../message/body-format.ts';
import type { ReportEntry } from '../message/report.ts';
import { parseSubject, receiverOf } from '../message/subject.ts';
import { prune } from '../store/prune.ts';
import type { SqlValue, Statement } from '../store/statement.ts';
import { statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { isFinal, type State } from './states.ts';

/** A message that has come to its end, with the bytes from which it can be sent again. */
export interface FinishedMessage {
  readonly id: string;
  readonly batch: string | null;
  readonly state: State;
  readonly reason: string | null;
  readonly queuedAt: number;
  readonly sentAt: number | null;
  readonly acceptedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number;
  readonly attempts: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly format: BodyFormat;
  /** Absent where the body was no longer kept. */
  readonly body: Uint8Array | null;
}

/** A run of neighbouring messages of one lane that were taken at the target. */
export interface Delivered {
  readonly first: number;
  readonly last: number;
  readonly state: 'accepted' | 'succeeded';
  readonly sentAt: number;
  readonly at: number;
  readonly endedAt: number | null;
  readonly reason: string | null;
}

export interface LedgerDeps {
  readonly store: Store;
  readonly now: () => number;
  /** Called with what has ended by a report, before that is written down; a failure is not swallowed. */
  onFinished(finished: readonly FinishedMessage[]): Promise<void>;
  /** Called when it is written down that messages have ended or, then with `startedAt`, that they run. */
  onWritten?(moved: readonly { readonly id: string; readonly startedAt?: number }[]): void;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Row {
  key: number;
  id: string;
  batch: string | null;
  state: State;
  queued_at: number;
  sent_at: number | null;
  accepted_at: number | null;
  started_at: number | null;
  attempts: number;
  format: number | null;
  body: Uint8Array | null;
  outbox_format: number | null;
  outbox_body: Uint8Array | null;
  subject: string;
}

/** States that a report may still change: what is open, and what was given up while it was on its way. */
const CORRECTABLE = `('queued', 'sent', 'accepted', 'running', 'undelivered', 'expired', 'cancelled')`;

/**
 * What this node knows of every message that it sent. The outbox writes its part through the statements made
 * here; what other nodes report comes through `applyReports`.
 */
export class Ledger {
  readonly #deps: LedgerDeps;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** Statement that enters messages; a row is [key, id, batch, queuedAt]. */
  queued(rows: readonly [key: number, id: string, batch: string | null, queuedAt: number][]): Statement {
    return {
      sql: `INSERT INTO ledger (key, id, batch, state, queued_at) VALUES (?, ?, ?, 'queued', ?)`,
      rows,
    };
  }

  /**
   * Statement for a run of messages that their target has taken: `succeeded` where that was all that was asked,
   * else `accepted`. `endedAt` is null while more is to be heard of them.
   */
  delivered(run: Delivered): Statement {
    const keepsBody = run.state === 'accepted';
    return statement(
      `UPDATE ledger SET state = ?, sent_at = coalesce(sent_at, ?), accepted_at = ?, ended_at = ?,
         attempts = max(attempts, 1), reason = ?,
         format = ${keepsBody ? 'coalesce((SELECT o.format FROM outbox o WHERE o.key = ledger.key), format)' : 'NULL'},
         body = ${keepsBody ? 'coalesce((SELECT o.body FROM outbox o WHERE o.key = ledger.key), body)' : 'NULL'}
       WHERE key BETWEEN ? AND ? AND state IN ('queued', 'sent', 'undelivered', 'expired')`,
      ...[run.state, run.sentAt, run.at, run.endedAt, run.reason, run.first, run.last],
    );
  }

  /** Statement for messages that ended without having been run: rejected, expired, undelivered. */
  ended(keys: readonly number[], state: State, reason: string, at: number): Statement {
    return {
      sql: `UPDATE ledger SET state = ?, reason = ?, ended_at = ?,
              format = (SELECT o.format FROM outbox o WHERE o.key = ledger.key),
              body = (SELECT o.body FROM outbox o WHERE o.key = ledger.key)
            WHERE key = ? AND state IN ('queued', 'sent')`,
      rows: keys.map((key): SqlValue[] => [state, reason, at, key]),
    };
  }

  /** Statement for a message that was sent, `attempts` times by now. */
  attempted(key: number, attempts: number, sentAt: number): Statement {
    return statement(
      `UPDATE ledger SET state = 'sent', attempts = ?, sent_at = coalesce(sent_at, ?) WHERE key = ? AND state IN ('queued', 'sent')`,
      ...[attempts, sentAt, key],
    );
  }

  /** Statement that moves all of a lane's rows that are still in the outbox by `offset` to other keys. */
  moved(first: number, last: number, offset: number): Statement {
    return statement(
      `UPDATE ledger SET key = key + ? WHERE key IN (SELECT o.key FROM outbox o WHERE o.key BETWEEN ? AND ?)`,
      ...[offset, first, last],
    );
  }

  /** Writes down what `fromNode` reported. Reports of what it was not asked for are refused with a warning. */
  async applyReports(fromNode: string, ends: readonly ReportEntry[]): Promise<void> {
    const statements: Statement[] = [];
    const finished: FinishedMessage[] = [];
    const known: ReportEntry[] = [];
    for (const end of ends) {
      const row = this.#find(end.id);
      if (!row || receiverOf(row.subject) !== fromNode) {
        this.#deps.logger.warn(
          { id: end.id, fromNode },
          'a report about a message that was not sent to its node',
        );
        continue;
      }
      known.push(end);
      statements.push(...this.#reported(row, end));
      const isNews = isEnd(end) && isOpen(row.state);
      if (isNews) finished.push(toFinished(row, end, this.#deps.now()));
    }
    if (finished.length > 0) await this.#deps.onFinished(finished);
    if (statements.length > 0) await this.#deps.store.write(statements);
    this.#deps.onWritten?.(known.map((end) => toMoved(end, this.#deps.now())));
  }

  /** Whether a message with this id was ever queued, as far as is remembered. */
  has(id: string): boolean {
    return this.#deps.store.get('SELECT 1 FROM ledger WHERE id = ?', id) !== undefined;
  }

  /** The node that a message was sent to, or undefined. */
  receiverOf(id: string): string | undefined {
    const row = this.#find(id);
    return row && receiverOf(row.subject);
  }

  /** Enters a node that said hello into the node list; `about` is JSON of what it told of itself. */
  async noteNode(name: string, about: string | undefined): Promise<void> {
    const sql = `INSERT INTO nodes (name, last_seen, info) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET last_seen = excluded.last_seen, info = excluded.info`;
    await this.#deps.store.write([statement(sql, name, this.#deps.now(), about ?? null)]);
  }

  /** Deletes ended rows that were queued more than `keepMs` ago, or are not among the newest `keepCount`. */
  async prune(options: { keepMs: number; keepCount: number }): Promise<number> {
    const { store, now } = this.#deps;
    return await prune(store, {
      table: 'ledger',
      order: 'id',
      removable: 'ended_at IS NOT NULL',
      before: firstIdAt(now() - options.keepMs),
      keepCount: options.keepCount,
    });
  }

  /** The messages of a batch, in the order in which they were made; all of them came later than the batch's own id. */
  batch(batch: string): { readonly id: string; readonly toNode: string }[] {
    const rows = this.#deps.store.all<{ id: string; subject: string }>(
      `SELECT l.id, lanes.subject FROM ledger l JOIN lanes ON lanes.id = l.key / 4294967296
       WHERE l.id > ? AND l.batch = ? ORDER BY l.id`,
      ...[batch, batch],
    );
    return rows.map(({ id, subject }) => ({ id, toNode: parseSubject(subject)?.toNode ?? subject }));
  }

  #find(id: string): Row | undefined {
    return this.#deps.store.get<Row>(
      `SELECT l.*, o.format AS outbox_format, o.body AS outbox_body, lanes.subject AS subject
       FROM ledger l JOIN lanes ON lanes.id = l.key / 4294967296 LEFT JOIN outbox o ON o.key = l.key WHERE l.id = ?`,
      id,
    );
  }

  #reported(row: Row, end: ReportEntry): Statement[] {
    const at = this.#deps.now();
    if (!isEnd(end)) {
      const sql = `UPDATE ledger SET state = 'running', started_at = coalesce(started_at, ?),
                     accepted_at = coalesce(accepted_at, ?), ended_at = NULL,
                     reason = coalesce(?, CASE WHEN state = 'running' THEN reason END)
                   WHERE key = ? AND state IN ('queued', 'sent', 'accepted', 'running', 'undelivered', 'expired')`;
      return [statement(sql, end.startedAt ?? at, end.acceptedAt ?? at, end.reason ?? null, row.key)];
    }
    return [
      statement(
        `UPDATE ledger SET state = ?, reason = ?, exit_code = ?, signal = ?, stderr_tail = ?, output_bytes = ?,
           accepted_at = coalesce(accepted_at, ?), started_at = coalesce(?, started_at), ended_at = ?,
           format = CASE WHEN ? = 'succeeded' THEN NULL ELSE coalesce(format, (SELECT o.format FROM outbox o WHERE o.key = ledger.key)) END,
           body = CASE WHEN ? = 'succeeded' THEN NULL ELSE coalesce(body, (SELECT o.body FROM outbox o WHERE o.key = ledger.key)) END
         WHERE key = ? AND state IN ${CORRECTABLE}`,
        ...[
          stateOf(end),
          end.reason ?? null,
          end.exitCode ?? null,
          end.signal ?? null,
          end.stderrTail ?? null,
        ],
        ...[end.outputBytes ?? null, end.acceptedAt ?? at, end.startedAt ?? null, end.endedAt ?? at],
        ...[end.state, end.state, row.key],
      ),
    ];
  }
}

/** The lowest UUIDv7 of a millisecond: ids sort by the time at which they were made. */
function firstIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function toMoved(end: ReportEntry, now: number): { id: string; startedAt?: number } {
  return isEnd(end) ? { id: end.id } : { id: end.id, startedAt: end.startedAt ?? now };
}

function isEnd({ state }: ReportEntry): boolean {
  return state === 'handed-over' || isFinal(state);
}

function stateOf({ state }: ReportEntry): State {
  return state === 'handed-over' ? 'accepted' : state;
}

/** Whether an end is news: nothing final is known, or what is known was said before it could be. */
function isOpen(state: State): boolean {
  return !isFinal(state) || state === 'undelivered' || state === 'expired' || state === 'cancelled';
}

function toFinished(row: Row, end: ReportEntry, now: number): FinishedMessage {
  return {
    id: row.id,
    batch: row.batch,
    state: stateOf(end),
    reason: end.reason ?? null,
    queuedAt: row.queued_at,
    sentAt: row.sent_at,
    acceptedAt: row.accepted_at ?? end.acceptedAt ?? now,
    startedAt: end.startedAt ?? row.started_at,
    endedAt: end.endedAt ?? now,
    attempts: Math.max(1, row.attempts),
    exitCode: end.exitCode ?? null,
    signal: end.signal ?? null,
    format: formatOf(row.format ?? row.outbox_format ?? 0),
    body: row.body ?? row.outbox_body,
  };
}
