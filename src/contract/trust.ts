import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';

const Refusal = s.named(
  'TrustRefusal',
  s.object({
    sender: s.about(s.text, 'The node that the broker proves; empty where it proves none'),
    claimed: s.about(s.text, 'The node that the message names as its sender'),
    method: s.text,
    reason: s.text,
    count: s.count,
    lastAt: s.time,
  }),
  'What a closed node refused, or would have refused, of one kind',
);
const TrustAnswer = s.named(
  'TrustAnswer',
  s.object({
    node: s.text,
    mode: s.about(s.choice('open', 'watch', 'closed'), 'Who may ask this node for what'),
    configFile: s.about(s.text, 'Where that is set'),
    originals: s.about(s.list(s.text), 'Nodes that need no proof'),
    unproved: s.about(
      s.list(s.object({ name: s.text, version: s.orNull(s.text), lastSeenAt: s.orNull(s.time) })),
      'Nodes that are known and have not proved yet who they are',
    ),
    refusals: s.list(Refusal),
  }),
  'Who may ask this node for what, and what came of that',
);
export type TrustAnswer = s.Value<typeof TrustAnswer>;

const ForgetResult = s.named(
  'ForgetResult',
  s.object({
    wasKnown: s.about(s.flag, 'Whether it was on the list'),
    cancelled: s.about(s.count, 'How many messages waited for it, and have ended'),
    left: s.about(s.count, 'How many were sent and have no answer: they stay open'),
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
    query: s.object(
      {},
      { days: s.about(s.integer, { description: 'Of the last days', minimum: 1, maximum: 30, default: 7 }) },
    ),
    answer: TrustAnswer,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
