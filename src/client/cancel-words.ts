import type { CancelResult } from '../contract/requests.ts';

/** What asking for the end of one request came to, and of several. */
const WORDS: Readonly<Record<CancelResult['result'], readonly [one: string, many: string]>> = {
  cancelled: ['cancelled', 'cancelled here'],
  asked: ['its node is asked to end it', 'to be ended by their nodes'],
  ended: ['it had ended before', 'ended before'],
  unknown: ['not known', 'not known'],
};

/** What asking for the end of requests came to. */
export function cancelWords(results: readonly CancelResult[]): string {
  const [only] = results;
  if (only === undefined) return 'nothing was left to cancel';
  if (results.length === 1) return WORDS[only.result][0];
  const counts = Map.groupBy(results, ({ result }) => result);
  return [...counts].map(([result, all]) => `${all.length} ${WORDS[result][1]}`).join(', ');
}
