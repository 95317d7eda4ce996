import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../../test/support/manual-clock.ts';
import { ByteBudget } from '../../lib/byte-budget.ts';
import { systemClock } from '../../lib/clock.ts';
import { newMessage } from '../../message/message.ts';
import { messageBytes } from '../../message/message-bytes.ts';
import type { RunMethod } from '../../methods/method.ts';
import type { JournalRow } from '../journal-table.ts';
import { RunQueue } from './run-queue.ts';
import { RunRoom } from './run-room.ts';
import type { Runner } from './runner.ts';

const METHOD: RunMethod = {
  name: 'REQCliCommand',
  mode: 'run',
  ...{ kind: 'CommandACK', summary: '', args: [] },
  run: async () => ({ state: 'succeeded' }),
};

/** What there is room for in memory. */
const REQUESTS_IN_MEMORY = 256;
const BODY_BYTES = 10;

function rowOf(row: number): JournalRow {
  const rest = { lane: 1, seq: row, fromNode: 'central', expiresAt: null, acceptedAt: 0, format: 0 };
  return {
    row,
    id: `id ${row}`,
    subject: 'ship1.REQCliCommand.CommandACK',
    body: Buffer.alloc(BODY_BYTES),
    ...rest,
  };
}

/** A queue whose runs begin when it says so, and end when the test says so. */
function start(method: RunMethod = METHOD) {
  const begun: number[] = [];
  const errors: string[] = [];
  const loaded: number[] = [];
  const ends = new Map<number, () => void>();
  /** What has its turn, and waits for the disk. */
  const slow = new Set<number>();
  const stop = new AbortController();
  const runner = {
    run: (row: JournalRow, _: unknown, on: Record<'onBegin' | 'onLong', () => void>) => {
      begun.push(row.row);
      const begin = () => {
        on.onBegin();
        systemClock.after(1000, on.onLong);
      };
      if (!slow.has(row.row)) begin();
      return new Promise((resolve) => ends.set(row.row, () => resolve({ written: Promise.resolve() })));
    },
  } as unknown as Runner;
  const queue = new RunQueue(rowOf(1), {
    errorReporter: { report: (text) => errors.push(text) },
    room: new RunRoom(),
    memory: new ByteBudget(
      REQUESTS_IN_MEMORY * messageBytes(newMessage({})) + REQUESTS_IN_MEMORY * BODY_BYTES,
    ),
    clock: systemClock,
    ...{ runner, signal: stop.signal, logger: { warn: () => {}, info: () => {} } },
    methodOf: () => method,
    load: (row) => {
      loaded.push(row);
      return rowOf(row);
    },
  });
  const end = async (row: number) => {
    ends.get(row)?.();
    await settle();
  };
  const add = (row: number) => queue.add(rowOf(row), newMessage({}));
  return { queue, begun, loaded, end, stop, add, slow, errors };
}

test('a request that cannot begin, as the disk is full, is not overtaken', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { begun, end, add, slow, queue } = start();
  slow.add(1);
  for (const row of [1, 2]) add(row);
  await settle();
  t.mock.timers.tick(5000);
  await settle();
  assert.deepEqual(begun, [1]);
  await end(1);
  assert.deepEqual(begun, [1, 2]);
  await end(2);
  await queue.idle();
});

test('requests run one after the other, in their order', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { begun, end, add, queue } = start();
  for (const row of [1, 2, 3]) add(row);
  await settle();
  assert.deepEqual(begun, [1]);
  await end(1);
  assert.deepEqual(begun, [1, 2]);
  await end(2);
  await end(3);
  await queue.idle();
  assert.deepEqual(begun, [1, 2, 3]);
});

test('one that runs for more than a second lets the next one start in parallel', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { begun, end, add, queue } = start();
  for (const row of [1, 2, 3]) add(row);
  await settle();
  t.mock.timers.tick(999);
  await settle();
  assert.deepEqual(begun, [1]);
  t.mock.timers.tick(1);
  await settle();
  assert.deepEqual(begun, [1, 2]);
  await end(2);
  assert.deepEqual(begun, [1, 2, 3]);
  await Promise.all([end(1), end(3)]);
  await queue.idle();
});

test('at most a hundred run side by side', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { begun, end, add, errors } = start();
  for (let row = 1; row <= 102; row++) add(row);
  for (let second = 0; second < 110; second++) {
    await settle();
    t.mock.timers.tick(1000);
  }
  await settle();
  assert.equal(begun.length, 100);
  await end(50);
  assert.equal(begun.length, 101);
  assert.equal(errors.length, 1, 'it is told once in a while');
  assert.match(errors[0]!, /requests of central wait: 100 of its commands are running/);
});

test('one that goes on until it is told to stop keeps nobody waiting', async () => {
  const { begun, add } = start({ ...METHOD, isOpenEnded: true });
  for (let row = 1; row <= 150; row++) add(row);
  await settle();
  assert.equal(begun.length, 150);
});

test('of many that wait, those that find no room in memory are read again in their turn', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { begun, loaded, end, add } = start();
  for (let row = 1; row <= 1300; row++) add(row);
  await settle();
  for (let row = 1; row <= 1300; row++) await end(row);
  assert.deepEqual(
    begun,
    Array.from({ length: 1300 }, (_, index) => index + 1),
  );
  assert.deepEqual([loaded[0], loaded.length], [REQUESTS_IN_MEMORY + 1, 1300 - REQUESTS_IN_MEMORY]);
});

test('a request that comes at the very moment at which the last one ends is run too', async () => {
  for (let hops = 0; hops < 15; hops++) {
    const { begun, end, add, queue } = start();
    add(1);
    await settle();
    const ended = end(1);
    for (let hop = 0; hop < hops; hop++) await null;
    add(2);
    await ended;
    await settle();
    assert.deepEqual(begun, [1, 2], `${hops} hops later`);
    await end(2);
    await queue.idle();
  }
});

test('after the stop signal nothing more begins', async () => {
  const { begun, end, add, stop, queue } = start();
  for (const row of [1, 2]) add(row);
  await settle();
  stop.abort();
  await end(1);
  await queue.idle();
  assert.deepEqual(begun, [1]);
  add(3);
  await queue.idle();
  assert.deepEqual(begun, [1]);
});

test('a queue that holds what comes is not forgotten as idle before it is let go', async () => {
  const { queue, begun } = start();
  const asked = Promise.withResolvers<void>();
  queue.hold(asked.promise);
  assert.equal(queue.isIdle, false);
  queue.add(rowOf(1), newMessage({}));
  await settle();
  assert.deepEqual(begun, []);
  asked.resolve();
  await settle();
  assert.deepEqual(begun, [1]);
});
