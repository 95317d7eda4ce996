import { Presence } from './nodes.ts';
import type { OperationRow } from './operation.ts';
import {
  about,
  count,
  flag,
  integer,
  list,
  named,
  object,
  orNull,
  text,
  time,
  type Value,
  word,
} from './schema.ts';

const rate = about(orNull(count), 'Bytes per second, as measured; null where nothing was sent lately');
const roundTrip = about(orNull(count), 'Until something small is answered, as measured, ms');
const isFull = about(flag, 'Whether the way was ever full: else it may do more than the rate');

const LinkBudget = orNull(
  object({
    bytesPerDay: about(count, 'Both ways'),
    leftBytes: about(count, 'Of the present one; of another node, as its last hello told'),
    nextAt: about(time, 'When the next one begins'),
  }),
);

const NodeLink = named(
  'NodeLink',
  object({
    node: text,
    presence: Presence,
    bytesPerSecond: rate,
    wasFull: isFull,
    roundTripMs: roundTrip,
    queued: about(count, 'Messages that wait here for it'),
    queuedBytes: about(count, 'Their bodies, before they are compressed'),
    emptyInMs: about(
      orNull(count),
      'When they are delivered at that rate, and with the budgets of both links; null where that is not known, or the node not here',
    ),
    waitsFor: about(orNull(text), 'What is waited for by what is queued, in words'),
    budget: about(LinkBudget, 'What its link may carry a day, as it told; null where it has no limit'),
  }),
  'The way to a node',
);
export type NodeLink = Value<typeof NodeLink>;

const byClass = object({ urgent: count, normal: count, bulk: count });

const LinkAnswer = named(
  'LinkAnswer',
  object({
    day: about(text, 'Of this node, as its zone has it: 2026-03-01'),
    inBytes: about(count, 'What came over its NATS connection on that day, without TLS and TCP'),
    outBytes: about(count, 'What went, likewise'),
    sent: about(
      byClass,
      'Payload of messages among that, bytes by class; the rest is headers, answers and hellos',
    ),
    budget: about(LinkBudget, 'What this link may carry a day; null where it has no limit'),
    broker: object({ bytesPerSecond: rate, wasFull: isFull, roundTripMs: roundTrip }),
    hello: about(
      orNull(object({ everySeconds: count, bytesADay: count })),
      'What hellos to the central node cost; null where it says none',
    ),
    nodes: about(list(NodeLink), 'Those that something was sent to lately, or that something waits for'),
  }),
  'The link of the node that is asked',
);
export type LinkAnswer = Value<typeof LinkAnswer>;

const LinkDay = named(
  'LinkDay',
  object({
    day: about(text, 'As the zone of the node has it: 2026-03-01'),
    inBytes: count,
    outBytes: count,
    sent: about(
      orNull(byClass),
      'Payload of messages among that, bytes by class; null of a node that is not the one that is asked',
    ),
  }),
  "What went over a node's NATS connection on a day, bytes",
);

/** What went over a node's NATS connection on a day, bytes. */
export type LinkDay = Value<typeof LinkDay>;

const LinkDaysQuery = object(
  {},
  {
    node: about(word, 'The name of a node; the one that is asked unless told'),
    days: about(integer, { description: 'How far back', minimum: 1, maximum: 31, default: 31 }),
  },
);
const CallAnswer = named(
  'CallAnswer',
  object({
    wasCalling: about(flag, 'Whether a call went on already'),
    nextAt: about(time, 'When the call after this one is due'),
  }),
  'A call that goes on now',
);
/** A call that goes on now. */
export type CallAnswer = Value<typeof CallAnswer>;

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
    answer: list(LinkDay),
  },
  callNow: {
    does: 'POST /v1/link/call',
    summary: 'Has this node, which is connected during its calls alone (link = calls), call now',
    answer: CallAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
