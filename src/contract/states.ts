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
  'superseded',
  'cancelled',
  'lost',
  'handed-over',
] as const;

export type RequestState = (typeof REQUEST_STATES)[number];

/**
 * What a request counts as where requests are added up: each is in exactly one group. `waiting` has not reached its
 * node, `unreached` never will; what became of what is `handed-over` to a node of the original is not known.
 */
export const OUTCOMES = [
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'handed-over',
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
  lost: 'failed',
  rejected: 'failed',
  'timed-out': 'timed-out',
  cancelled: 'cancelled',
  superseded: 'cancelled',
  expired: 'unreached',
  undelivered: 'unreached',
  'handed-over': 'handed-over',
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

/** How many requests are in each group, in the order of the groups; groups without any are left out. */
export function outcomeCounts(
  counts: Readonly<Partial<Record<RequestState, number>>>,
): readonly { readonly outcome: Outcome; readonly count: number }[] {
  return OUTCOMES.map((outcome) => {
    const states = REQUEST_STATES.filter((state) => OUTCOME_OF[state] === outcome);
    return { outcome, count: states.reduce((sum, state) => sum + (counts[state] ?? 0), 0) };
  }).filter(({ count }) => count > 0);
}
