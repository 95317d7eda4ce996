import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Store } from '../store/store.ts';
import { LaneQueue } from './lane-queue.ts';
import { LANE_SPAN, newEntry } from './lane-rows.ts';
import type { Entry } from './lane-window.ts';

const ROW = { id: 3, subject: 'ship1.REQToFileAppend.EventACK', epoch: 'e1', nextSeq: 1 };

function ledgerOf(store: Store): Ledger {
  return new Ledger({ store, now: () => 0, onFinished: async () => {}, logger: { warn: () => {} } });
}

/** Puts messages on disk, as the outbox does it, without telling the queue. */
async function toDisk(store: Store, queue: LaneQueue, count: number, bytes = 10): Promise<Entry[]> {
  const entries = Array.from({ length: count }, () => {
    const seq = queue.allocate();
    const rest = { expiresAt: null, ackTimeoutMs: 5000, format: 0, isUntried: true };
    return newEntry({ seq, id: `id ${seq}`, queuedAt: 1, body: Buffer.alloc(bytes, seq), ...rest });
  });
  await store.write([
    queue.save(),
    {
      sql: 'INSERT INTO outbox VALUES (?, ?, 1, NULL, NULL, 5000, 0, ?, NULL, NULL)',
      rows: entries.map(({ seq, id, body }) => [queue.key(seq), id, body]),
    },
    ledgerOf(store).queued(entries.map(({ seq, id }) => [queue.key(seq), id, null, 1])),
  ]);
  return entries;
}

/** Empties a queue from its front, as answers do, and notes the order. */
function drain(queue: LaneQueue): number[] {
  const order: number[] = [];
  for (;;) {
    queue.refill();
    const first = queue.window.first;
    if (!first) return order;
    order.push(...queue.take(first.seq, first.seq).map(({ seq }) => seq));
  }
}

function counting(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test('of 2,000 messages only the next ones are in memory, and all come in their order', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, { store, hasRows: false });
  queue.committed(await toDisk(store, queue, 2000));
  assert.equal(queue.window.length, 512);
  queue.refill();
  assert.equal(queue.window.length, 512, 'nothing more is read while enough is there');
  assert.deepEqual(drain(queue), counting(1, 2000));
});

test('large messages fill the memory sooner, and one at least is always there', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, { store, hasRows: false });
  queue.committed(await toDisk(store, queue, 6, 1024 * 1024));
  assert.equal(queue.window.length, 2);
  queue.committed(await toDisk(store, queue, 1, 3 * 1024 * 1024));
  assert.deepEqual(drain(queue), counting(1, 7));
});

test('what an earlier life of the process left is read from disk, and may have been tried', async (t) => {
  const store = await tempStore(t);
  await toDisk(store, new LaneQueue(ROW, { store, hasRows: false }), 700);
  const queue = new LaneQueue({ ...ROW, nextSeq: 701 }, { store, hasRows: true });
  assert.ok(queue.window.length > 0 && queue.window.length <= 512);
  assert.equal(queue.window.first?.isUntried, false);
  assert.equal(Buffer.from(queue.window.first!.body).equals(Buffer.alloc(10, 1)), true);
  assert.equal(queue.allocate(), 701);
  assert.deepEqual(drain(queue), counting(1, 700));
});

test('a message that is on disk before the queue is told of it comes once', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, { store, hasRows: false });
  queue.committed(await toDisk(store, queue, 600));
  const early = await toDisk(store, queue, 100);
  queue.take(1, 500);
  queue.refill();
  queue.committed(early);
  queue.committed(await toDisk(store, queue, 1));
  assert.deepEqual(drain(queue), counting(501, 701));
});

test('messages that were given up on disk are not brought into memory', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, { store, hasRows: false });
  queue.committed(await toDisk(store, queue, 1000));
  const late = await toDisk(store, queue, 2);
  for (const seq of [...counting(1, 900), 1001]) queue.giveUp(seq);
  queue.committed(late);
  assert.deepEqual(drain(queue), [...counting(901, 1000), 1002]);
});

test('a new epoch keeps the order and the places, and moves rows of outbox and ledger alike', async (t) => {
  const store = await tempStore(t);
  const ledger = ledgerOf(store);
  const queue = new LaneQueue(ROW, { store, hasRows: false });
  queue.committed(await toDisk(store, queue, 600));
  await store.write([{ sql: 'DELETE FROM outbox WHERE key = ?', rows: [[queue.key(1)]] }]);
  queue.take(1, 1);
  queue.window.first!.isUntried = false;
  await queue.renew(7, (first, last, offset) => ledger.moved(first, last, offset));
  assert.notEqual(queue.epoch, ROW.epoch);
  assert.equal(queue.id, 7);
  assert.equal(queue.key(2), 7 * LANE_SPAN + 2);
  assert.equal(queue.window.first?.isUntried, true);
  const keys = (table: string) =>
    store.all<{ key: number }>(`SELECT key FROM ${table} ORDER BY key`).map(({ key }) => key);
  assert.deepEqual(
    keys('outbox'),
    counting(2, 600).map((seq) => 7 * LANE_SPAN + seq),
  );
  assert.deepEqual(keys('ledger'), [
    3 * LANE_SPAN + 1,
    ...counting(2, 600).map((seq) => 7 * LANE_SPAN + seq),
  ]);
  const lanes = store.all<{ id: number; retired_at: number | null; epoch: string; next_seq: number }>(
    'SELECT id, retired_at, epoch, next_seq FROM lanes ORDER BY id',
  );
  assert.notEqual(lanes[0]?.retired_at, null);
  assert.deepEqual({ ...lanes[1] }, { id: 7, retired_at: null, epoch: queue.epoch, next_seq: 601 });
  assert.deepEqual(drain(queue), counting(2, 600));
});
