import { type ComponentChild, h } from 'preact';
import type { StateCounts } from '../../contract/batch-summary.ts';
import { outcomeCounts } from '../../contract/states.ts';

/** How many requests count for each outcome, those that have any; they add up to all of them. */
export function Counts({ counts }: { counts: StateCounts }): ComponentChild {
  return h(
    'ul',
    { class: 'counts' },
    outcomeCounts(counts).map(({ outcome, count }) =>
      h('li', { class: `state ${outcome}` }, `${count} ${outcome}`),
    ),
  );
}
