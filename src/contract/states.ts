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

/** The states of a group. */
export function statesIn(...outcomes: readonly Outcome[]): RequestState[] {
  return REQUEST_STATES.filter((state) => outcomes.includes(OUTCOME_OF[state]));
}

/** Words for several states that lists are often filtered by; `bad` is what ended otherwise than it was meant to. */
const WIDE_GROUPS: Readonly<Record<string, readonly RequestState[]>> = {
  open: REQUEST_STATES.filter((state) => !isEnd(state)),
  waiting: statesIn('waiting'),
  ended: REQUEST_STATES.filter(isEnd),
  bad: REQUEST_STATES.filter((state) => isEnd(state) && state !== 'succeeded' && state !== 'cancelled'),
};

/** All words that name states where lists are filtered. */
export const STATE_WORDS: readonly string[] = [
  ...new Set([...Object.keys(WIDE_GROUPS), ...OUTCOMES, ...REQUEST_STATES]),
];

/** The states that a word means where lists are filtered: the state of this name, else those of the group; none for another word. */
export function statesOf(word: string): readonly RequestState[] {
  const state = REQUEST_STATES.find((one) => one === word);
  if (state !== undefined) return [state];
  return Object.hasOwn(WIDE_GROUPS, word) ? WIDE_GROUPS[word]! : statesIn(word as Outcome);
}

type Counts = Readonly<Partial<Record<RequestState, number>>>;

/** How many requests are in some groups. */
export function countOf(counts: Counts, ...outcomes: readonly Outcome[]): number {
  return statesIn(...outcomes).reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

/** How many requests are in each group, in the order of the groups; groups without any are left out. */
export function outcomeCounts(
  counts: Counts,
): readonly { readonly outcome: Outcome; readonly count: number }[] {
  return OUTCOMES.map((outcome) => ({ outcome, count: countOf(counts, outcome) })).filter(
    ({ count }) => count > 0,
  );
}
