/** What may be known of a request, in the order in which it may come. */
export const REQUEST_STATES = [
  'queued',
  'sent',
  'accepted',
  'running',
  'succeeded',
  'failed',
  'timed-out',
  'interrupted',
  'rejected',
  'expired',
  'undelivered',
  'cancelled',
] as const;

export type RequestState = (typeof REQUEST_STATES)[number];

/**
 * What a request counts as where requests are added up: each is in exactly one group. `waiting` has not reached its
 * node, `unreached` never will.
 */
export const OUTCOMES = [
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'unreached',
  'running',
  'waiting',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

const OUTCOME_OF: Readonly<Record<RequestState, Outcome>> = {
  queued: 'waiting',
  sent: 'waiting',
  accepted: 'running',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  interrupted: 'failed',
  rejected: 'failed',
  'timed-out': 'timed-out',
  cancelled: 'cancelled',
  expired: 'unreached',
  undelivered: 'unreached',
};

/** The group that a request of this state counts for. */
export function outcomeOf(state: RequestState): Outcome {
  return OUTCOME_OF[state];
}

/** Whether a request of this state has come to its end, as far as this node knows. */
export function isEnd(state: RequestState): boolean {
  const outcome = OUTCOME_OF[state];
  return outcome !== 'waiting' && outcome !== 'running';
}
