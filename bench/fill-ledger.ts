import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { newId } from '../src/lib/new-id.ts';
import type { StewardNode } from '../test/support/node.ts';

const NODES = 100;
const BATCH = 20;
const LANE_SPAN = 2 ** 32;
const BODY = Buffer.alloc(200, 'x');
/** Of a hundred requests; the rest has succeeded. */
const STATES = { failed: 3, undelivered: 1, queued: 1, accepted: 1 } as const;

type State = keyof typeof STATES | 'succeeded';

/** Writes `count` requests into the database of a node that does not run, as many submissions would have left them. */
export function fillLedger(node: StewardNode, count: number): void {
  using database = new DatabaseSync(join(node.databaseFolder, 'steward.db'));
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const lanes = NODES * 2;
  const insertLane = database.prepare('INSERT INTO lanes (id, subject, epoch, next_seq) VALUES (?, ?, ?, ?)');
  for (let lane = 0; lane < lanes; lane++)
    insertLane.run(lane + 1000, subjectOf(lane), `bench${lane}`, count);
  const write = rowWriter(database);
  let batch = { id: '', firstId: '', lastId: '' };
  for (let index = 0; index < count; index++) {
    const isFirst = index % BATCH === 0;
    if (isFirst) batch = { id: newId(), firstId: '', lastId: '' };
    const id = newId();
    batch = { ...batch, firstId: batch.firstId || id, lastId: id };
    const key = ((index * 7919) % lanes) + 1000;
    write.request({ key: key * LANE_SPAN + index + 1, id, batch: batch.id, state: stateOf(index) });
    if (index % BATCH === BATCH - 1) write.batch(batch);
  }
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
}

function rowWriter(database: DatabaseSync) {
  const ledger = database.prepare(
    `INSERT INTO ledger (key, id, batch, state, queued_at, sent_at, accepted_at, ended_at, attempts, reason, exit_code, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)`,
  );
  const outbox = database.prepare(
    'INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, ?, ?, 5000, 0, ?)',
  );
  const batches = database.prepare(
    "INSERT INTO batches (id, at, label, total, first_id, last_id) VALUES (?, ?, 'REQCliCommand uptime', ?, ?, ?)",
  );
  return {
    request({ key, id, batch, state }: { key: number; id: string; batch: string; state: State }) {
      const at = Date.now();
      const endedAt = state === 'queued' || state === 'accepted' ? null : at;
      const isFailed = state === 'failed';
      const facts = [isFailed ? 'the command ended with exit status 1' : null, isFailed ? 1 : 0] as const;
      ledger.run(key, id, batch, state, at, at, at, endedAt, ...facts, isFailed ? BODY : null);
      if (state === 'queued') outbox.run(key, id, at, BODY);
    },
    batch({ id, firstId, lastId }: { id: string; firstId: string; lastId: string }) {
      batches.run(id, Date.now(), BATCH, firstId, lastId);
    },
  };
}

function subjectOf(lane: number): string {
  const node = `ship${String(lane % NODES).padStart(3, '0')}`;
  return lane < NODES ? `${node}.REQCliCommand.CommandACK` : `${node}.REQToFileAppend.EventACK`;
}

function stateOf(index: number): State {
  let left = (index * 31) % 100;
  for (const [state, share] of Object.entries(STATES)) {
    if (left < share) return state as State;
    left -= share;
  }
  return 'succeeded';
}
