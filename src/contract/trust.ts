import type { OperationRow } from './operation.ts';
import {
  about,
  choice,
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
} from './schema.ts';

const Refusal = named(
  'TrustRefusal',
  object({
    sender: about(text, 'The node that the broker proves; empty where it proves none'),
    claimed: about(text, 'The node that the message names as its sender'),
    method: text,
    reason: text,
    count,
    lastAt: time,
  }),
  'What a closed node refused, or would have refused, of one kind',
);
const TrustAnswer = named(
  'TrustAnswer',
  object({
    node: text,
    mode: about(choice('open', 'watch', 'closed'), 'Who may ask this node for what'),
    configFile: about(text, 'Where that is set'),
    originals: about(list(text), 'Nodes that need no proof'),
    unproved: about(
      list(object({ name: text, version: orNull(text), lastSeenAt: orNull(time) })),
      'Nodes that are known and have not proved yet who they are',
    ),
    refusals: list(Refusal),
  }),
  'Who may ask this node for what, and what came of that',
);
export type TrustAnswer = Value<typeof TrustAnswer>;

const ForgetResult = named(
  'ForgetResult',
  object({
    wasKnown: about(flag, 'Whether it was on the list'),
    cancelled: about(count, 'How many messages waited for it, and have ended'),
    left: about(count, 'How many were sent and have no answer: they stay open'),
  }),
  'What became of a node that was taken off the list',
);

/** The operations about trust. */
export const TRUST_OPERATIONS = {
  forgetNode: {
    does: 'POST /v1/nodes/{id}/forget',
    summary: 'Take a node off the list, and end what waits for it',
    answer: ForgetResult,
  },
  trust: {
    does: 'GET /v1/trust',
    summary: 'Who may ask this node for what, and what a closed node refused or would refuse',
    query: object(
      {},
      { days: about(integer, { description: 'Of the last days', minimum: 1, maximum: 30, default: 7 }) },
    ),
    answer: TrustAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
