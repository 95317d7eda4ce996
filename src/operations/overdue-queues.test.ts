import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueSummary } from '../contract/queues.ts';
import { overdueQueues, queuesFor } from './overdue-queues.ts';

const DAY = 86_400_000;
const NOW = 10 * DAY;

const queue = (node: string, ageMs: number | null) => ({
  ...{ node, subject: `${node}.REQPing.EventACK`, method: 'REQPing', queued: 1, attempts: 1 },
  ...{ nextAttemptAt: null, waitsFor: null, oldestQueuedAt: ageMs === null ? null : NOW - ageMs },
});

test('a queue is overdue when it waits for longer than its node is usually away, or a day where that is not known', () => {
  const usual: Record<string, number> = { often: 60_000, seldom: 5 * DAY };
  const queues = [
    queue('often', 60_000),
    queue('often', 60_001),
    queue('seldom', 5 * DAY),
    queue('seldom', 6 * DAY),
    queue('new', DAY),
    queue('new', DAY + 1),
    queue('none', null),
  ];
  const deps = { usualAwayMs: (name: string) => usual[name] ?? null, now: () => NOW };
  assert.deepEqual(
    overdueQueues(queues, deps).map(({ node, oldestQueuedAt }) => [node, NOW - oldestQueuedAt!]),
    [
      ['seldom', 6 * DAY],
      ['new', DAY + 1],
      ['often', 60_001],
    ],
  );
  const many = Array.from({ length: 300 }, (_, index) => queue('new', DAY + 1 + index));
  assert.equal(overdueQueues(many, deps).length, 100);
});

test('queues are those of a node, and where only some are wanted those that wait longest', () => {
  const queue = (node: string, oldestQueuedAt: number | null) => ({ node, oldestQueuedAt }) as QueueSummary;
  const queues = [queue('a', 3), queue('b', null), queue('a', 1), queue('c', 2)];
  const ages = (found: readonly QueueSummary[]) => found.map(({ oldestQueuedAt }) => oldestQueuedAt);
  assert.deepEqual(ages(queuesFor(queues, { node: 'a' })), [3, 1]);
  assert.deepEqual(ages(queuesFor(queues, { limit: 3 })), [1, 2, 3]);
  assert.equal(queuesFor(queues, {}).length, 4);
});
