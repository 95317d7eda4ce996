import type { OperationRow } from './operation.ts';
import { about, count, list, named, object, orNull, text, time, type Value, word } from './schema.ts';

const QueueSummary = named(
  'QueueSummary',
  object({
    subject: text,
    node: text,
    method: text,
    queued: count,
    oldestQueuedAt: orNull(time),
    attempts: about(count, 'Of the message at its head'),
    nextAttemptAt: about(orNull(time), 'ms since 1970; null while answers are awaited or the link is down'),
    waitsFor: about(orNull(text), 'What it waits for, in words'),
  }),
  'A queue of messages for one subject',
);
/** A queue of messages for one subject. */
export type QueueSummary = Value<typeof QueueSummary>;

const QueueFilter = object(
  {},
  {
    node: about(word, 'Name of a node'),
    limit: about(count, {
      description: 'How many to give at most, those that wait longest first',
      minimum: 1,
    }),
  },
);
/** Which queues to list; all without a filter. */
export type QueueFilter = Value<typeof QueueFilter>;

/** What can be asked of what waits. */
export const QUEUE_OPERATIONS = {
  queues: {
    does: 'GET /v1/queues',
    summary: 'Queues of messages that wait to be delivered',
    query: QueueFilter,
    answer: list(QueueSummary),
  },
  overdueQueues: {
    does: 'GET /v1/queues/overdue',
    summary:
      'The 100 queues that wait longest, of those that wait for longer than their node is usually away',
    answer: list(QueueSummary),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
