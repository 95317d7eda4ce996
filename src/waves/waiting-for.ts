import type { RequestSummary } from '../contract/requests.ts';
import { outcomeOf } from '../contract/states.ts';
import type { Target } from './target-tracker.ts';

/** How long a run waits for its targets. */
export interface Patience {
  /** When it began, by this machine's clock. */
  readonly startedAt: number;
  /** How long to wait for nodes that are away; undefined: only for those that can be reached. */
  readonly waitMs: number | undefined;
  /** Whether a request is done with when its node has it, as one that is to run later. */
  readonly endsWhenTaken: boolean;
}

/** A node that seems to be there has this long to take a request; an attempt may take 10 s to be given up. */
const TAKE_MS = 15_000;

/** A node that has begun a command, and is then away, has this long to come back. */
const COME_BACK_MS = 5000;

/**
 * Until when a target keeps the run from ending, by this machine's clock: a time in the past, or -Infinity, where it does
 * not, and Infinity where only news of it will do.
 */
export function waitsUntil(target: Target, patience: Patience): number {
  const { request } = target;
  const outcome = request === undefined ? 'not-sent' : outcomeOf(request.state);
  if (request === undefined || (outcome !== 'waiting' && outcome !== 'running')) return -Infinity;
  const asked = patience.waitMs === undefined ? -Infinity : patience.startedAt + patience.waitMs;
  if (outcome === 'waiting') return asked > -Infinity ? asked : untilTaken(target, request, patience);
  // An original node never tells more than that it has taken the request.
  if (patience.endsWhenTaken || request.endedAt !== null) return -Infinity;
  if (target.awaySince === undefined) return Infinity;
  return Math.max(asked, target.awaySince + COME_BACK_MS);
}

function untilTaken(
  { presence, lastSeenAt, requestedAt }: Target,
  { state }: RequestSummary,
  { startedAt }: Patience,
): number {
  if (presence === 'away') return -Infinity;
  // Nobody has ever heard of this one, and nobody answered. Of all others little is known after a start.
  if (presence === 'unknown' && lastSeenAt === null && state === 'sent') return -Infinity;
  return (requestedAt ?? startedAt) + TAKE_MS;
}
