import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';

const ActivityBucket = s.named(
  'ActivityBucket',
  s.object({
    at: s.time,
    counts: s.about(s.map(s.count), 'How many are in each state now; states without any are left out'),
    deliveryMs: s.about(
      s.orNull(s.count),
      'The median from queued here to taken by the node; null where none was',
    ),
  }),
  'What was queued in a span of time',
);

const Activity = s.named(
  'Activity',
  s.object({
    bucketMs: s.count,
    buckets: s.about(s.list(ActivityBucket), 'The oldest first; spans without requests too'),
    output: s.about(
      s.list(s.object({ node: s.text, days: s.list(s.count), totalBytes: s.count })),
      'What was printed on the ten nodes that printed most, by day, the oldest first',
    ),
    isCut: s.flag,
  }),
  'What was queued lately, as far as it is remembered; `isCut` where only the newest 100,000 requests were looked at',
);
export type Activity = s.Value<typeof Activity>;

const ActivityQuery = s.object(
  {},
  { days: s.about(s.integer, { description: 'How far back', minimum: 1, maximum: 30, default: 7 }) },
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
