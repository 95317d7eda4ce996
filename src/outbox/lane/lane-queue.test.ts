import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../../test/support/temp-store.ts';
import { Ledger } from '../../ledger/ledger.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import { LANE_SPAN, type Statement, type Store } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import { BodyMemory } from './body-memory.ts';
import { LaneQueue } from './lane-queue.ts';
import { newEntry, readWaitingLanes } from './lane-rows.ts';
import type { Entry } from './lane-window.ts';

const ROW = { id: 3, subject: 'ship1.REQToFileAppend.EventACK', epoch: 'e1', nextSeq: 1 };

test('a new epoch that the database refuses for good is told, and takes place with the next message', async (t) => {
  const store = await tempStore(t);
  const faults = [new StoreError('full', 'the disk is full'), new StoreError('failed', 'a row says no')];
  const writes = async (statements: readonly Statement[]) => {
    const fault = faults.shift();
    if (fault) throw fault;
    await store.write(statements);
  };
  const failing = { all: store.all.bind(store), get: store.get.bind(store), write: writes } as Store;
  const clock: Clock = { ...systemClock, after: (_, task) => systemClock.after(0, task) };
  const queue = new LaneQueue(ROW, {}, { ...depsOf(failing), clock });
  queue.committed(await toDisk(store, queue, 3), { get: bodyOf });
  const moved = queue.renew(7, (first, last, offset) => ledgerOf(store).moved(first, last, offset));
  await assert.rejects(moved, /a row says no/);
  assert.deepEqual([queue.isMoving, faults.length], [true, 0]);
  // What is queued now brings the older ones along, so that no crash finds two lanes of one subject.
  queue.committed(await toDisk(store, queue, 1), { get: bodyOf });
  const active = store.all<{ id: number }>('SELECT id FROM lanes WHERE retired_at IS NULL');
  assert.deepEqual([active.map(({ id }) => id), keysOf(store)], [[7], counting(1, 4)]);
  await queue.finishMove();
  assert.deepEqual([queue.isMoving, drain(queue)], [false, counting(1, 4)]);
});

/** The places of the messages on disk, which are all of the lane 7. */
function keysOf(store: Store): number[] {
  const rows = store.all<{ key: number }>('SELECT key FROM outbox ORDER BY key');
  return rows.map(({ key }) => key - 7 * LANE_SPAN);
}

function ledgerOf(store: Store): Ledger {
  return new Ledger({ store, now: () => 0, logger: { warn: () => {} } });
}

function depsOf(store: Store) {
  return { store, bodies: new BodyMemory(), clock: systemClock, random: systemRandom };
}

/** A queue as the next life of the process has it. */
function queueFromDisk(store: Store): LaneQueue {
  const [waiting] = readWaitingLanes(store);
  return new LaneQueue(waiting!.lane, { first: waiting!.first }, depsOf(store));
}

function bodyOf({ seq, size }: Pick<Entry, 'seq' | 'size'>): Uint8Array {
  return Buffer.alloc(size, seq);
}

/** Puts messages on disk, as the outbox does it, without telling the queue. */
async function toDisk(store: Store, queue: LaneQueue, count: number, bytes = 10): Promise<Entry[]> {
  const entries = Array.from({ length: count }, () => {
    const seq = queue.allocate();
    const rest = { expiresAt: null, ackTimeoutMs: 5000, format: 0, isUntried: true };
    return newEntry({ seq, id: `id ${seq}`, queuedAt: 1, size: bytes, ...rest });
  });
  await store.write([
    ...queue.save(),
    {
      sql: 'INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, ?, 1, 5000, 0, ?)',
      rows: entries.map(({ seq, id }) => [queue.key(seq), id, bodyOf({ seq, size: bytes })]),
    },
    ledgerOf(store).queued(entries.map(({ seq, id }) => [queue.key(seq), id, null, 1, null])),
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
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.flow(true);
  queue.committed(await toDisk(store, queue, 2000), { get: bodyOf });
  assert.equal(queue.window.length, 512);
  queue.refill();
  assert.equal(queue.window.length, 512, 'nothing more is read while enough is there');
  assert.deepEqual(drain(queue), counting(1, 2000));
});

test('bodies are in memory as far as there is room, and are read from disk where they are not', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.flow(true);
  queue.committed(await toDisk(store, queue, 10, 1024 * 1024), { get: bodyOf });
  const inMemory = [...queue.window].filter(({ body }) => body !== undefined);
  assert.deepEqual([queue.window.length, inMemory.length], [10, 8]);
  for (const entry of queue.window)
    assert.ok(Buffer.from(queue.bodyOf(entry)!).equals(bodyOf(entry)), `place ${entry.seq}`);
  assert.deepEqual(drain(queue), counting(1, 10));
});

test('of messages for a node that is away only the first is known in memory, and no body', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.flow(true);
  queue.committed(await toDisk(store, queue, 50), { get: bodyOf });
  queue.flow(false);
  queue.committed(await toDisk(store, queue, 50), { get: bodyOf });
  assert.deepEqual([queue.window.length, queue.window.first?.body, queue.length], [1, undefined, 100]);
  queue.giveUp(70);
  assert.equal(queue.length, 99);
  queue.flow(true);
  assert.deepEqual([queue.window.length, queue.length], [99, 99]);
  assert.equal(queue.window.find(2)?.isUntried, true, 'nothing was forgotten of it');
  assert.deepEqual(drain(queue), [...counting(1, 69), ...counting(71, 100)]);
});

test('what an earlier life of the process left is read from disk, and may have been tried', async (t) => {
  const store = await tempStore(t);
  await toDisk(store, new LaneQueue(ROW, {}, depsOf(store)), 700);
  const queue = queueFromDisk(store);
  assert.deepEqual([queue.window.length, queue.length], [1, 700]);
  assert.equal(queue.window.first?.isUntried, false);
  assert.equal(Buffer.from(queue.bodyOf(queue.window.first!)!).equals(Buffer.alloc(10, 1)), true);
  assert.equal(queue.allocate(), 701);
  assert.deepEqual(drain(queue), counting(1, 700));
});

test('a message that is on disk before the queue hears of it comes once', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.flow(true);
  queue.committed(await toDisk(store, queue, 600), { get: bodyOf });
  const early = await toDisk(store, queue, 100);
  queue.take(1, 500);
  queue.refill();
  queue.committed(early, { get: bodyOf });
  queue.committed(await toDisk(store, queue, 1), { get: bodyOf });
  assert.deepEqual(drain(queue), counting(501, 701));
});

test('messages that were given up on disk are not brought into memory', async (t) => {
  const store = await tempStore(t);
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.committed(await toDisk(store, queue, 1000), { get: bodyOf });
  const late = await toDisk(store, queue, 2);
  for (const seq of [...counting(1, 900), 1001]) queue.giveUp(seq);
  queue.committed(late, { get: bodyOf });
  assert.deepEqual(drain(queue), [...counting(901, 1000), 1002]);
});

test('what an earlier life may have sent may be there, also once it went to nobody', async (t) => {
  const store = await tempStore(t);
  await toDisk(store, new LaneQueue(ROW, {}, depsOf(store)), 1);
  const queue = queueFromDisk(store);
  const first = queue.window.first!;
  assert.equal(queue.mayBeThere(first), true);
  first.attempts++;
  assert.equal(queue.mayBeThere(first), true);
});

test('a new epoch keeps the order and the places, and moves rows of outbox and ledger alike', async (t) => {
  const store = await tempStore(t);
  const ledger = ledgerOf(store);
  const queue = new LaneQueue(ROW, {}, depsOf(store));
  queue.flow(true);
  queue.committed(await toDisk(store, queue, 600), { get: bodyOf });
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

test('places that were given up in an earlier life do not count when the last message is read', async (t) => {
  const store = await tempStore(t);
  const before = new LaneQueue(ROW, {}, depsOf(store));
  await toDisk(store, before, 3);
  await store.write([{ sql: 'DELETE FROM outbox WHERE key = ?', rows: [[before.key(2)]] }]);
  const queue = queueFromDisk(store);
  assert.deepEqual(drain(queue), [1, 3]);
  assert.equal(queue.length, 0);
});
