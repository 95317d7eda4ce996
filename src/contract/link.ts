import { Presence } from './nodes.ts';
import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';

const rate = s.about(s.orNull(s.count), 'Bytes per second, as measured; null where nothing was sent lately');
const roundTrip = s.about(s.orNull(s.count), 'Until something small is answered, as measured, ms');
const isFull = s.about(s.flag, 'Whether the way was ever full: else it may do more than the rate');

const LinkBudget = s.orNull(
  s.object({
    bytesPerDay: s.about(s.count, 'Both ways'),
    leftBytes: s.about(s.count, 'Of the present one; of another node, as its last hello told'),
    nextAt: s.about(s.time, 'When the next one begins'),
  }),
);

const NodeLink = s.named(
  'NodeLink',
  s.object({
    node: s.text,
    presence: Presence,
    bytesPerSecond: rate,
    wasFull: isFull,
    roundTripMs: roundTrip,
    queued: s.about(s.count, 'Messages that wait here for it'),
    queuedBytes: s.about(s.count, 'Their bodies, before they are compressed'),
    emptyInMs: s.about(
      s.orNull(s.count),
      'When they are delivered at that rate, and with the budgets of both links; null where that is not known, or the node not here',
    ),
    waitsFor: s.about(s.orNull(s.text), 'What is waited for by what is queued, in words'),
    budget: s.about(LinkBudget, 'What its link may carry a day, as it told; null where it has no limit'),
  }),
  'The way to a node',
);
export type NodeLink = s.Value<typeof NodeLink>;

const byClass = s.object({ urgent: s.count, normal: s.count, bulk: s.count });

const LinkAnswer = s.named(
  'LinkAnswer',
  s.object({
    day: s.about(s.text, 'Of this node, as its zone has it: 2026-03-01'),
    inBytes: s.about(s.count, 'What came over its NATS connection on that day, without TLS and TCP'),
    outBytes: s.about(s.count, 'What went, likewise'),
    sent: s.about(
      byClass,
      'Payload of messages among that, bytes by class; the rest is headers, answers and hellos',
    ),
    budget: s.about(LinkBudget, 'What this link may carry a day; null where it has no limit'),
    broker: s.object({ bytesPerSecond: rate, wasFull: isFull, roundTripMs: roundTrip }),
    hello: s.about(
      s.orNull(s.object({ everySeconds: s.count, bytesADay: s.count })),
      'What hellos to the central node cost; null where it says none',
    ),
    nodes: s.about(s.list(NodeLink), 'Those that something was sent to lately, or that something waits for'),
  }),
  'The link of the node that is asked',
);
export type LinkAnswer = s.Value<typeof LinkAnswer>;

const LinkDay = s.named(
  'LinkDay',
  s.object({
    day: s.about(s.text, 'As the zone of the node has it: 2026-03-01'),
    inBytes: s.count,
    outBytes: s.count,
    sent: s.about(
      s.orNull(byClass),
      'Payload of messages among that, bytes by class; null of a node that is not the one that is asked',
    ),
  }),
  "What went over a node's NATS connection on a day, bytes",
);

/** What went over a node's NATS connection on a day, bytes. */
export type LinkDay = s.Value<typeof LinkDay>;

const LinkDaysQuery = s.object(
  {},
  {
    node: s.about(s.word, 'The name of a node; the one that is asked unless told'),
    days: s.about(s.integer, { description: 'How far back', minimum: 1, maximum: 31, default: 31 }),
  },
);
const CallAnswer = s.named(
  'CallAnswer',
  s.object({
    wasCalling: s.about(s.flag, 'Whether a call went on already'),
    nextAt: s.about(s.time, 'When the call after this one is due'),
  }),
  'A call that goes on now',
);
/** A call that goes on now. */
export type CallAnswer = s.Value<typeof CallAnswer>;

/** What can be asked of the link. */
export const LINK_OPERATIONS = {
  link: {
    does: 'GET /v1/link',
    summary: 'The link of this node: bytes today, rates, round trips, and when queues will be empty',
    answer: LinkAnswer,
  },
  linkDays: {
    does: 'GET /v1/link/days',
    summary:
      'What went over the link of a node by day, the oldest first, without days of which nothing is known; others tell the central node with their hellos',
    query: LinkDaysQuery,
    answer: s.list(LinkDay),
  },
  callNow: {
    does: 'POST /v1/link/call',
    summary: 'Has this node, which is connected during its calls alone (link = calls), call now',
    answer: CallAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
