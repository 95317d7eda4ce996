import type { NodeSummary } from '../../contract/nodes.ts';
import { agoWords, clockWords } from '../../lib/time-words.ts';

type SeenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt'>;

const MOST_NAMES = 5;

/** Says which nodes a command waits for that are not here, and since when; undefined where all are. */
export function awayNote(nodes: readonly SeenNode[], now: number): string | undefined {
  const away = nodes.filter(({ presence }) => presence !== 'here');
  if (away.length === 0) return undefined;
  const names = away
    .slice(0, MOST_NAMES)
    .map(({ name, lastSeenAt }) => `${name}, ${sinceText(lastSeenAt, now)}`);
  const more = away.length > MOST_NAMES ? ` and ${away.length - MOST_NAMES} more` : '';
  return `waiting for ${names.join('; ')}${more}`;
}

function sinceText(lastSeenAt: number | null, now: number): string {
  if (lastSeenAt === null) return 'never heard of';
  return `away since ${clockWords(lastSeenAt, now)} (${agoWords(lastSeenAt, now)})`;
}
