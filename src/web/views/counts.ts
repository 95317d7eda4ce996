import { type ComponentChild, h } from 'preact';
import type { StateCounts } from '../../contract/batch-summary.ts';
import { OUTCOMES, type Outcome, outcomeOf, REQUEST_STATES } from '../../contract/states.ts';

/** How many requests count for each outcome, those that have any; they add up to all of them. */
export function Counts({ counts }: { counts: StateCounts }): ComponentChild {
  const some = OUTCOMES.map((outcome) => ({ outcome, count: countOf(counts, outcome) })).filter(
    ({ count }) => count > 0,
  );
  return h(
    'ul',
    { class: 'counts' },
    some.map(({ outcome, count }) => h('li', { class: `state ${outcome}` }, `${count} ${outcome}`)),
  );
}

/** How many requests count for some outcomes. */
export function countOf(counts: StateCounts, ...outcomes: readonly Outcome[]): number {
  const states = REQUEST_STATES.filter((state) => outcomes.includes(outcomeOf(state)));
  return states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}
