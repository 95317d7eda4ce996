import { type Statement, statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import type { Entry } from './lane-window.ts';

/** Two parts of a key of outbox and ledger: lane * LANE_SPAN + seq. */
export const LANE_SPAN = 2 ** 32;

const MAX_ROWS = 256;
const MAX_BYTES = 1024 * 1024;

interface Row {
  key: number;
  id: string;
  queued_at: number;
  expires_at: number | null;
  ack_timeout: number;
  format: number;
  body: Uint8Array;
  schedule: string | null;
  output: string | null;
}

/** Reads the next entries of a lane after `seq`: up to 256, up to 1 MB, and at least one if there is one. */
export function readEntries(store: Store, lane: number, seq: number): Entry[] {
  const from = lane * LANE_SPAN + seq;
  const sizes = store.all<{ key: number; bytes: number }>(
    `SELECT key, length(body) AS bytes FROM outbox WHERE key > ? AND key < ? ORDER BY key LIMIT ${MAX_ROWS}`,
    ...[from, (lane + 1) * LANE_SPAN],
  );
  let bytes = 0;
  let last = 0;
  for (const row of sizes) {
    bytes += row.bytes;
    if (last > 0 && bytes > MAX_BYTES) break;
    last = row.key;
  }
  if (last === 0) return [];
  const rows = store.all<Row>('SELECT * FROM outbox WHERE key > ? AND key <= ? ORDER BY key', from, last);
  return rows.map((row) => toEntry(row, lane));
}

/** Reads one entry by its key, or undefined. */
export function readEntry(store: Store, key: number): Entry | undefined {
  const row = store.get<Row>('SELECT * FROM outbox WHERE key = ?', key);
  return row && toEntry(row, Math.floor(key / LANE_SPAN));
}

/** Statement that takes a run of messages out of the outbox. */
export function deleteRows(first: number, last: number): Statement {
  return statement('DELETE FROM outbox WHERE key BETWEEN ? AND ?', first, last);
}

/** Statement that enters a lane, or moves its counter forward. */
export function saveLane(lane: { id: number; subject: string; epoch: string; nextSeq: number }): Statement {
  const sql = `INSERT INTO lanes (id, subject, epoch, next_seq) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET next_seq = max(next_seq, excluded.next_seq)`;
  return statement(sql, lane.id, lane.subject, lane.epoch, lane.nextSeq);
}

/** Times above this are for ever: 15 digits, which the database gives back, and the wire's header holds. */
const MAX_MS = 1e15 - 1;

/** A time as it is stored and sent, ms: whole, and not larger than can be read back. */
export function wholeMs(ms: number): number {
  return Math.min(Math.max(0, Math.floor(ms)), MAX_MS);
}

/** A message that has never been sent, as an entry. */
export function newEntry(
  fields: Pick<
    Entry,
    'seq' | 'id' | 'queuedAt' | 'expiresAt' | 'ackTimeoutMs' | 'format' | 'body' | 'isUntried'
  > &
    Partial<Pick<Entry, 'schedule' | 'output'>>,
): Entry {
  return {
    schedule: null,
    output: null,
    ...fields,
    mayHaveArrived: false,
    attempts: 0,
    firstSentAt: null,
    lastSentAt: 0,
    firstGeneration: Number.MAX_SAFE_INTEGER,
    partsSent: 0,
    bytesInFlight: 0,
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
    body: row.body,
    schedule: row.schedule,
    output: row.output,
    isUntried: false,
  });
}
