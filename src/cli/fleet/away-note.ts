import type { NodeSummary } from '../../contract/nodes.ts';
import { callWords } from '../../lib/call-words.ts';
import { firstWords } from '../../lib/first-words.ts';
import { agoWords, clockWords } from '../../lib/time-words.ts';

type SeenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt' | 'callsAt'>;

const MOST_NAMES = 5;

/** Says which nodes a command waits for that are not here, since when, and when they call; undefined where all are. */
export function awayNote(nodes: readonly SeenNode[], now: number): string | undefined {
  const away = nodes.filter(({ presence }) => presence !== 'here');
  if (away.length === 0) return undefined;
  const names = away.map((node) => `${node.name}, ${awayText(node, now)}`);
  return `waiting for ${firstWords(names, MOST_NAMES, '; ')}`;
}

/** Since when a node is away, and when it calls. */
export function awayText(
  { presence, lastSeenAt, callsAt }: Pick<SeenNode, 'presence' | 'lastSeenAt' | 'callsAt'>,
  now: number,
): string {
  if (presence === 'here') return 'it has not taken it yet';
  if (lastSeenAt === null) return 'never heard of';
  const since = `${clockWords(lastSeenAt, now)} (${agoWords(lastSeenAt, now)})`;
  const seen = presence === 'unknown' ? `last heard of at ${since}` : `away since ${since}`;
  const calls = callWords(callsAt, now);
  return calls === '' ? seen : `${seen}, ${calls}`;
}
