import { isEnd, type RequestState } from '../contract/states.ts';
import type { OutputPiece, OutputStream } from '../message/output.ts';
import type { ReportEntry } from '../message/report.ts';
import type { QueuedRow } from '../message/sent-request.ts';
import { parseSubject, receiverOf } from '../message/subject.ts';
import { LANE_SPAN, type SqlValue, type Statement, type Store, statement } from '../store/store.ts';
import { Corrections } from './corrections.ts';
import { type KeptOutput, readOutput } from './kept-output.ts';
import { OutputIntake } from './output-intake.ts';
import { pruneLedger } from './prune-ledger.ts';
import {
  ended,
  type FinishedMessage,
  isOpen,
  type LedgerRow,
  reportsEnd,
  running,
  startedHere,
  toFinished,
} from './reported.ts';
import { LANE_TABLES } from './request-row.ts';

/** A piece of what a request printed, new to this node. */
export interface ArrivedOutput extends OutputPiece {
  readonly id: string;
  readonly batch: string | null;
  readonly node: string;
}

/** A run of neighbouring messages of one lane that were taken at the target. */
export interface Delivered {
  readonly first: number;
  readonly last: number;
  readonly state: 'accepted' | 'succeeded' | 'handed-over';
  readonly sentAt: number;
  readonly at: number;
  readonly endedAt: number | null;
  readonly reason: string | null;
  /** Whether the target says so of just these messages: an effect that was cancelled here was made then. */
  readonly isSaid: boolean;
}

export interface LedgerDeps {
  readonly store: Store;
  readonly now: () => number;
  /** How much is kept of each stream of a request's output, bytes; 1 MiB unless told. */
  readonly maxOutputBytes?: number;
  readonly logger: { warn(fields: object, text: string): void };
}

/** Hears what is reported of messages; each listener takes the news that it needs. */
export interface LedgerListener {
  /** Messages end by a report. Called before that is written down; a failure is not swallowed. */
  ended?(ended: readonly FinishedMessage[]): Promise<void>;
  /** What is written down with these ends, after the ledger's own statements; with the output that came with them. */
  alongside?(ended: readonly Pick<ReportEntry, 'id' | 'stdout' | 'stdoutFrom'>[]): readonly Statement[];
  /** It is written down that messages have ended or, then with `startedAt`, that they run. */
  written?(moved: readonly { readonly id: string; readonly startedAt?: number }[]): void;
  /** The same messages, in a list of lists. */
  changed?(changed: readonly (readonly { readonly id: string }[])[]): void;
  /** When a message was first sent whose answer is still to come, or to be written: what it says may overtake the answer that it was taken. */
  sentAt?(message: { readonly id: string; readonly key: number; readonly subject: string }): number | null;
  /** A piece of output is kept; in order, the last part of it that comes with an end included. */
  output?(piece: ArrivedOutput): void;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;
/** The log says no more often than this, ms, that a node reports on what it was not asked for. */
const WARN_MS = 1000;

/**
 * What this node knows of every message that it sent. The outbox writes its part through the statements made
 * here; what other nodes report comes through `applyReports`.
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  #listeners: readonly LedgerListener[] = [];
  #warned = { fromNode: '', at: 0 };
  /** What is on its way to the disk, or there already, and not announced yet. */
  readonly #unannounced = new Set<readonly Change[]>();

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** Calls these, in this order, with what is reported from now on. */
  listen(listeners: readonly LedgerListener[]): void {
    this.#listeners = listeners;
  }

  /** Statement that enters messages. */
  queued(rows: readonly QueuedRow[]): Statement {
    return {
      sql: `INSERT INTO ledger (key, id, batch, state, queued_at, place) VALUES (?, ?, ?, 'queued', ?, ?)`,
      rows,
    };
  }

  /**
   * Statement for a run of messages that their target has taken: `succeeded` where that was all that was asked,
   * else `accepted`. `endedAt` is null while more is to be heard of them.
   */
  delivered(run: Delivered): Statement {
    const keepsBody = run.state !== 'succeeded';
    const isMade = run.isSaid && run.state === 'succeeded';
    // What was given up here may have arrived after all; an end that was reported stays, however late the answer is.
    const givenUp = `'undelivered', 'expired', 'superseded'${isMade ? ", 'cancelled'" : ''}`;
    return statement(
      `UPDATE ledger SET state = ?, sent_at = coalesce(sent_at, ?), accepted_at = ?, ended_at = ?,
         attempts = max(attempts, 1), reason = ?,
         format = ${keepsBody ? 'coalesce((SELECT o.format FROM outbox o WHERE o.key = ledger.key), format)' : 'NULL'},
         body = ${keepsBody ? 'coalesce((SELECT o.body FROM outbox o WHERE o.key = ledger.key), body)' : 'NULL'}
       WHERE key BETWEEN ? AND ? 
         AND (state IN ('queued', 'sent') OR (state IN (${givenUp}) AND accepted_at IS NULL))`,
      ...[run.state, run.sentAt, run.at, run.endedAt, run.reason, run.first, run.last],
    );
  }

  /** Statement for messages that ended without having been run: rejected, expired, undelivered. */
  ended(keys: readonly number[], state: RequestState, reason: string, at: number): Statement {
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
    const { store } = this.#deps;
    await this.takeReports([[fromNode, ends]], async (statements) => {
      if (statements.length > 0) await store.write(statements);
    });
  }

  /** The same for reports of several nodes, which `commit` writes together with what belongs to them. */
  async takeReports(
    reports: Iterable<readonly [fromNode: string, ends: readonly ReportEntry[]]>,
    commit: (statements: readonly Statement[]) => Promise<void>,
  ): Promise<void> {
    const changes: Change[] = [];
    for (const [fromNode, ends] of reports) changes.push(await this.#take(fromNode, ends));
    this.#unannounced.add(changes);
    try {
      await commit(changes.flatMap(({ statements }) => statements));
      for (const change of changes) this.#announce(change);
    } finally {
      this.#unannounced.delete(changes);
    }
  }

  /** The messages of which output may be on disk that the listeners have not heard of. */
  unannounced(): ReadonlySet<string> {
    return new Set([...this.#unannounced].flat().flatMap(({ output }) => output.pieces.map(({ id }) => id)));
  }

  async #take(fromNode: string, ends: readonly ReportEntry[]): Promise<Change> {
    const { store, now, maxOutputBytes = MAX_OUTPUT_BYTES } = this.#deps;
    const change: Change = {
      ...{ fromNode, at: now(), statements: [], finished: [], ended: [], moved: [], batches: new Map() },
      output: new OutputIntake(store, maxOutputBytes),
      corrections: new Corrections(store),
    };
    const strange: string[] = [];
    for (const entry of ends) {
      const row = this.#find(entry.id);
      const isSentThere = row !== undefined && receiverOf(row.subject) === fromNode;
      if (isSentThere) addReport(change, row, entry);
      else strange.push(entry.id);
    }
    if (strange.length > 0) this.#warn(fromNode, strange);
    const { finished, ended, output, corrections } = change;
    if (finished.length > 0) for (const listener of this.#listeners) await listener.ended?.(finished);
    const alongside =
      ended.length === 0 ? [] : this.#listeners.flatMap((one) => one.alongside?.(ended) ?? []);
    change.statements.unshift(...output.statements(), ...corrections.statements);
    change.statements.push(...alongside);
    return change;
  }

  /** What is kept of one stream of a request's output; the data from the byte `from` on, and before `to`. */
  output(id: string, stream: OutputStream, from = 0, to?: number): KeptOutput {
    return readOutput(this.#deps.store, { id, stream, from, to });
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

  /** Deletes what has ended and was queued more than `keepMs` ago, or is not among the newest `keepCount`. */
  async prune(options: { keepMs: number; keepCount: number }): Promise<number> {
    const { store, now } = this.#deps;
    return await pruneLedger(store, { before: now() - options.keepMs, keepCount: options.keepCount });
  }

  /** The messages of a batch, in the order in which they were made; all of them came later than the batch's own id. */
  batch(batch: string): { readonly id: string; readonly toNode: string }[] {
    const rows = this.#deps.store.all<{ id: string; subject: string }>(
      `SELECT l.id, lanes.subject FROM ledger l JOIN lanes ON lanes.id = l.key / ${LANE_SPAN}
       WHERE l.id > ? AND l.batch = ? ORDER BY l.id`,
      ...[batch, batch],
    );
    return rows.map(({ id, subject }) => ({ id, toNode: parseSubject(subject)?.toNode ?? subject }));
  }

  /** Says that a node reported on what it was not asked for: once a second, however much of that comes. */
  #warn(fromNode: string, [id, ...more]: readonly string[]): void {
    const { now, logger } = this.#deps;
    if (this.#warned.fromNode === fromNode && Math.abs(now() - this.#warned.at) < WARN_MS) return;
    this.#warned = { fromNode, at: now() };
    const text = 'a report about a message that was not sent to its node';
    logger.warn({ id, more: more.length, fromNode }, text);
  }

  /** Tells the listeners what is written down. */
  #announce({ fromNode: node, moved, output, batches }: Change): void {
    const pieces = output.pieces.map((piece) => ({ ...piece, batch: batches.get(piece.id) ?? null, node }));
    for (const listener of this.#listeners) {
      if (moved.length > 0) listener.written?.(moved);
      if (moved.length > 0) listener.changed?.([moved]);
      for (const piece of pieces) listener.output?.(piece);
    }
  }

  #find(id: string): LedgerRow | undefined {
    const row = this.#deps.store.get<LedgerRow>(
      `SELECT l.key, l.id, l.batch, l.state, l.reason, l.queued_at, l.sent_at, l.accepted_at, l.started_at, l.there_accepted_at,
         l.there_started_at, l.attempts, coalesce(l.format, o.format) AS format, coalesce(l.body, o.body) AS body, n.subject
       FROM ${LANE_TABLES} LEFT JOIN outbox o ON o.key = l.key WHERE l.id = ?`,
      id,
    );
    if (row?.sent_at === null) for (const one of this.#listeners) row.sent_at ??= one.sentAt?.(row) ?? null;
    return row;
  }
}

/** What some reports change. */
interface Change {
  readonly fromNode: string;
  readonly at: number;
  readonly statements: Statement[];
  readonly finished: FinishedMessage[];
  /** All messages that ended, also those of which that was known, with the output that is news. */
  readonly ended: Pick<ReportEntry, 'id' | 'stdout' | 'stdoutFrom'>[];
  readonly moved: { readonly id: string; readonly startedAt?: number }[];
  readonly output: OutputIntake;
  /** The batches of the messages that have changed. */
  readonly batches: Map<string, string | null>;
  readonly corrections: Corrections;
}

function addReport(change: Change, stored: LedgerRow, entry: ReportEntry): void {
  const { at, statements, finished, moved, output, batches } = change;
  const row = change.corrections.take(stored, entry, at);
  if (row === undefined) return;
  const isNews = isOpen(row.state);
  batches.set(row.id, row.batch);
  if (isNews) output.add(entry, !isEnd(row.state) && row.state !== 'running');
  if (reportsEnd(entry)) {
    statements.push(ended(row, entry, at));
    change.ended.push(isNews ? entry : { id: row.id });
    // That it ended like this was known, by what this node gave up or another report.
    if (isNews && entry.state !== row.state) finished.push(toFinished(row, entry, at));
    moved.push({ id: row.id });
  } else if (row.state !== 'running' || entry.reason !== undefined) {
    // Pieces of output that come while it runs say nothing new of its state.
    statements.push(running(row, entry, at));
    moved.push({ id: row.id, startedAt: startedHere(row, entry, at) ?? at });
  }
}
