import { priorityOf } from '../../message/priority.ts';
import { ENDLESS } from '../../store/endless.ts';
import type { KeptTimes } from '../../store/kept-clock.ts';
import { LANE_SPAN, type Statement, type Store, statement } from '../../store/store.ts';
import { type Entry, NO_FLIGHTS } from './lane-window.ts';

interface Row {
  key: number;
  id: string;
  queued_at: number;
  expires_at: number | null;
  ack_timeout: number;
  format: number;
  size: number;
  schedule: string | null;
  output: string | null;
  re: string | null;
  priority: string | null;
  supersedes: string | null;
}

const ROW = `SELECT key, id, queued_at, expires_at, ack_timeout, format, length(body) AS size, schedule, output, re, priority,
  supersedes`;

/**
 * Reads what is known of the next messages of a lane after `seq` and up to `last`, `limit` of them at most, each with its
 * body where that has no more than `bodyBytes`.
 */
export function readEntries(
  store: Store,
  places: { readonly lane: number; readonly seq: number; readonly last: number; readonly limit: number },
  bodyBytes: number,
): { readonly entry: Entry; readonly body: Uint8Array | null }[] {
  const { lane, seq, last, limit } = places;
  const [from, to] = [lane * LANE_SPAN + seq, lane * LANE_SPAN + last];
  const sql = `${ROW}, CASE WHEN length(body) <= ? THEN body END AS body FROM outbox
    WHERE key > ? AND key <= ? ORDER BY key LIMIT ?`;
  const rows = store.all<Row & { body: Uint8Array | null }>(sql, bodyBytes, from, to, limit);
  return rows.map((row) => ({ entry: toEntry(row, lane), body: row.body }));
}

/** Reads the lanes that messages wait in, each with the first of them, in one query: there may be thousands. */
export function readWaitingLanes(store: Store): { readonly lane: LaneRow; readonly first: Entry }[] {
  const sql = `SELECT lanes.id AS lane, subject, epoch, next_seq, first.* FROM lanes JOIN (${ROW} FROM outbox) first ON first.key =
      (SELECT min(key) FROM outbox WHERE key BETWEEN lanes.id * ${LANE_SPAN} AND (lanes.id + 1) * ${LANE_SPAN} - 1)
    WHERE retired_at IS NULL ORDER BY lanes.id`;
  const rows = store.all<Row & { lane: number; subject: string; epoch: string; next_seq: number }>(sql);
  return rows.map((row) => ({
    lane: { id: row.lane, subject: row.subject, epoch: row.epoch, nextSeq: row.next_seq },
    first: toEntry(row, row.lane),
  }));
}

/** Reads what is known of a message by its key, or undefined. */
export function readEntry(store: Store, key: number): Entry | undefined {
  const row = store.get<Row>(`${ROW} FROM outbox WHERE key = ?`, key);
  return row && toEntry(row, Math.floor(key / LANE_SPAN));
}

/** Reads the body of a message by its key, or undefined where the message is not there any more. */
export function readBody(store: Store, key: number): Uint8Array | undefined {
  return store.get<{ body: Uint8Array }>('SELECT body FROM outbox WHERE key = ?', key)?.body;
}

/** Whether a node has said in a hello what it is: one of the original program says nothing of itself. */
export function saidHello(store: Pick<Store, 'get'>, node: string): boolean {
  return store.get('SELECT 1 FROM nodes WHERE name = ? AND info IS NOT NULL', node) !== undefined;
}

/** The keys of a lane's messages that were queued up to a time, and whose `expires_at` is `life`; null where nobody gave them one. */
export function readOld(
  store: Store,
  { lane, at, life }: { readonly lane: number; readonly at: number; readonly life: number | null },
  limit: number,
): { key: number }[] {
  const sql =
    'SELECT key FROM outbox WHERE key BETWEEN ? AND ? AND queued_at <= ? AND expires_at IS ? LIMIT ?';
  return store.all<{ key: number }>(sql, lane * LANE_SPAN, (lane + 1) * LANE_SPAN - 1, at, life, limit);
}

/** The keys of messages that were called off, and of which the ledger keeps nothing any more. */
export async function readForgotten(store: Store, limit: number): Promise<{ key: number }[]> {
  const isForgotten = 'NOT EXISTS (SELECT 1 FROM ledger l WHERE l.id = outbox.id)';
  return await store.query(`SELECT key FROM outbox WHERE expires_at < 0 AND ${isForgotten} LIMIT ?`, limit);
}

/** Statement that marks a message as called off: no life that it could have ends before 1970, and no budget ends the question. */
export function callOffRow(key: number): Statement {
  return statement('UPDATE outbox SET expires_at = -1, budget_at = NULL WHERE key = ?', key);
}

/** Statement that takes a run of messages out of the outbox. */
export function deleteRows(first: number, last: number): Statement {
  return statement('DELETE FROM outbox WHERE key BETWEEN ? AND ?', first, last);
}

/** The times of messages that wait. */
export const outboxTimes: KeptTimes = {
  shift(ms) {
    const sql = `UPDATE outbox SET queued_at = queued_at + ?,
    expires_at = CASE WHEN expires_at BETWEEN 0 AND ${ENDLESS - 1} THEN min(expires_at + ?, ${ENDLESS - 1}) ELSE expires_at END`;
    return [statement(sql, ms, ms)];
  },
  anySql: 'SELECT 1 FROM outbox LIMIT 1',
};

/** A lane as the database knows it. */
export interface LaneRow {
  readonly id: number;
  readonly subject: string;
  readonly epoch: string;
  readonly nextSeq: number;
}

/** Statement that enters a lane, or moves its counter forward. */
export function saveLane(lane: LaneRow): Statement {
  const sql = `INSERT INTO lanes (id, subject, epoch, next_seq) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET next_seq = max(next_seq, excluded.next_seq)`;
  return statement(sql, lane.id, lane.subject, lane.epoch, lane.nextSeq);
}

/** A message that has never been sent, as an entry. */
export function newEntry(
  fields: Pick<
    Entry,
    'seq' | 'id' | 'queuedAt' | 'expiresAt' | 'ackTimeoutMs' | 'format' | 'size' | 'isUntried'
  > &
    Partial<
      Pick<
        Entry,
        'schedule' | 'output' | 'isCalledOff' | 're' | 'priority' | 'supersedes' | 'rider' | 'told' | 'isOwn'
      >
    >,
): Entry {
  // Each field by its name: engines make such objects several times as fast as those of which a part is spread.
  return {
    seq: fields.seq,
    id: fields.id,
    queuedAt: fields.queuedAt,
    expiresAt: fields.expiresAt,
    ackTimeoutMs: fields.ackTimeoutMs,
    format: fields.format,
    size: fields.size,
    isUntried: fields.isUntried,
    schedule: fields.schedule ?? null,
    output: fields.output ?? null,
    isCalledOff: fields.isCalledOff ?? false,
    re: fields.re ?? null,
    priority: fields.priority ?? null,
    supersedes: fields.supersedes ?? null,
    rider: fields.rider,
    told: fields.told,
    short: undefined,
    isOwn: fields.isOwn ?? false,
    body: undefined,
    isHeld: false,
    awaitsReply: false,
    mayHaveArrived: false,
    attempts: 0,
    firstSentAt: null,
    lastSentAt: 0,
    firstGeneration: Number.MAX_SAFE_INTEGER,
    isSent: false,
    isByOffset: false,
    isLean: false,
    isLacked: false,
    takesBytes: false,
    sentBytes: 0,
    arrivedBytes: 0,
    wholeBytes: 0,
    pieceBytes: 0,
    flights: NO_FLIGHTS,
  };
}

function toEntry(row: Row, lane: number): Entry {
  return newEntry({
    seq: row.key - lane * LANE_SPAN,
    id: row.id,
    queuedAt: row.queued_at,
    expiresAt: row.expires_at,
    ackTimeoutMs: row.ack_timeout,
    format: row.format,
    size: row.size,
    schedule: row.schedule,
    output: row.output,
    re: row.re,
    priority: priorityOf(row.priority) ?? null,
    supersedes: row.supersedes,
    isUntried: false,
    isCalledOff: row.expires_at !== null && row.expires_at < 0,
  });
}
