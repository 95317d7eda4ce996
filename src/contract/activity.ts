import type { OperationRow } from './operation.ts';
import {
  about,
  count,
  flag,
  integer,
  list,
  map,
  named,
  object,
  orNull,
  text,
  time,
  type Value,
} from './schema.ts';

const ActivityBucket = named(
  'ActivityBucket',
  object({
    at: time,
    counts: about(map(count), 'How many are in each state now; states without any are left out'),
    deliveryMs: about(orNull(count), 'The median from queued here to taken by the node; null where none was'),
  }),
  'What was queued in a span of time',
);

const Activity = named(
  'Activity',
  object({
    bucketMs: count,
    buckets: about(list(ActivityBucket), 'The oldest first; spans without requests too'),
    output: about(
      list(object({ node: text, days: list(count), totalBytes: count })),
      'What was printed on the ten nodes that printed most, by day, the oldest first',
    ),
    isCut: flag,
  }),
  'What was queued lately, as far as it is remembered; `isCut` where only the newest 100,000 requests were looked at',
);
export type Activity = Value<typeof Activity>;

const ActivityQuery = object(
  {},
  { days: about(integer, { description: 'How far back', minimum: 1, maximum: 30, default: 7 }) },
);

/** What can be asked of how things went over time. */
export const ACTIVITY_OPERATIONS = {
  activity: {
    does: 'GET /v1/activity',
    summary: 'Requests by state, delivery time and output by node, over time',
    query: ActivityQuery,
    answer: Activity,
    isSlow: true,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
