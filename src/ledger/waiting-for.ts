import { callWords } from '../lib/call-words.ts';
import { agoWords, clockWords, countWords } from '../lib/time-words.ts';

/** What is known of the way to a node while a request waits to go there. Times are unix ms. */
export interface Waiting {
  readonly node: string;
  /** Messages of its lane that go before it. */
  readonly ahead: number;
  /** How often the message at the head of the lane was sent. */
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  /** What the lane waits for, in words; null where nothing holds it up. */
  readonly waitsFor: string | null;
  readonly lastSeenAt: number | null;
  readonly isAway: boolean;
  /** When the node calls next that has no connection now; null for one that keeps its own. */
  readonly callsAt: number | null;
}

/** What a request waits for, in a sentence without its end: `ship17 last seen 3 h ago, 14 attempts, next at 10:40:00`. */
export function waitingWords(waiting: Waiting, now: number): string {
  const { node, ahead, attempts, waitsFor, lastSeenAt, isAway, callsAt } = waiting;
  const seen =
    lastSeenAt === null ? `${node} was never seen` : `${node} last seen ${agoWords(lastSeenAt, now)}`;
  const parts = [
    ...(isAway || callsAt !== null || (waitsFor === null && attempts > 0) ? [seen] : []),
    ...(callsAt === null ? [] : [callWords(callsAt, now)]),
    ...(waitsFor === null || isAway ? [] : [`waits for ${waitsFor}`]),
    ...(ahead > 0 ? [`${countWords(ahead, 'message')} before it`] : []),
    ...(callsAt === null ? attemptWords(waiting, now) : []),
  ];
  return parts.length === 0 ? `it is about to be sent to ${node}` : parts.join(', ');
}

/** How often it was tried, and when again. */
function attemptWords({ attempts, nextAttemptAt }: Waiting, now: number): string[] {
  return [
    ...(attempts > 0 ? [countWords(attempts, 'attempt')] : []),
    ...(nextAttemptAt !== null && nextAttemptAt > now ? [`next at ${clockWords(nextAttemptAt, now)}`] : []),
  ];
}
