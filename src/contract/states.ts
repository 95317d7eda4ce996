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

/** The group that each state counts for: all that may be known of a request, in the order in which it may come. */
const OUTCOME_OF = {
  queued: 'waiting',
  sent: 'waiting',
  accepted: 'running',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  'timed-out': 'timed-out',
  interrupted: 'failed',
  rejected: 'failed',
  expired: 'unreached',
  undelivered: 'unreached',
  superseded: 'cancelled',
  cancelled: 'cancelled',
  lost: 'failed',
  'handed-over': 'handed-over',
} as const satisfies Readonly<Record<string, Outcome>>;

export type RequestState = keyof typeof OUTCOME_OF;
export const REQUEST_STATES = Object.keys(OUTCOME_OF) as readonly RequestState[];

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
