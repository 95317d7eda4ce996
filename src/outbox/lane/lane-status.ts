import type { Clock } from '../../lib/clock.ts';
import { budgetDayWords, countWords } from '../../lib/time-words.ts';
import { WINDOW_MS } from '../../link/fair-share.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import type { Lane } from './lane.ts';
import { NOBODY } from './lane-pace.ts';

/** How a lane stands, as lists show it. Times are unix ms. */
export interface LaneStatus {
  readonly subject: string;
  readonly toNode: string;
  readonly method: string;
  /** How many messages are not delivered yet, and when the first of them was queued. */
  readonly queued: number;
  readonly oldestQueuedAt: number | null;
  /** How often that was sent since the node started. */
  readonly attempts: number;
  /** When it will be sent again; null while an answer is awaited, or there is no connection. */
  readonly nextAttemptAt: number | null;
  /** What holds it up, in words that follow `it waits for`; null where nothing does. */
  readonly waitsFor: string | null;
}

/** Tells how a lane stands. */
export function laneStatus(
  lane: Lane,
  about: {
    readonly isConnected: boolean;
    readonly outcomesFault: string | undefined;
    /** What is waited for where there is no connection, in words. */
    readonly linkWaitsFor: string;
    readonly clock: Pick<Clock, 'wallNow' | 'steadyNow'>;
    readonly kept: KeptTime;
  },
): LaneStatus {
  const { subject, toNode, method, queue, pace } = lane;
  const first = queue.window.first;
  const { clock } = about;
  const now = clock.steadyNow();
  const isPaused = about.isConnected && lane.isStarted && pace.pausedUntil > now;
  const waitMs = isPaused ? pace.pausedUntil - now : lane.held.ms;
  return {
    ...{ subject, toNode, method, queued: queue.length },
    oldestQueuedAt: first ? about.kept.toWall(first.queuedAt) : null,
    attempts: first?.attempts ?? 0,
    nextAttemptAt: first && waitMs > 0 && !pace.isDoubted ? Math.round(clock.wallNow() + waitMs) : null,
    waitsFor: first ? obstacle(lane, { ...about, now }) : null,
  };
}

function obstacle(
  lane: Lane,
  {
    isConnected,
    outcomesFault,
    linkWaitsFor,
    now,
    clock,
  }: {
    isConnected: boolean;
    outcomesFault: string | undefined;
    linkWaitsFor: string;
    now: number;
    clock: Pick<Clock, 'wallNow'>;
  },
): string | null {
  const { toNode, pace, queue, held } = lane;
  if (!lane.isStarted)
    return `its publisher, which ${lane.fault ? `failed: ${lane.fault}` : 'is not running'}`;
  if (!isConnected) return linkWaitsFor;
  if (pace.isRefused) return `permission at the broker to publish to ${lane.subject}`;
  if (held.ms > 0) return budgetWords(toNode, held, clock.wallNow());
  if (outcomesFault !== undefined) return `this node to write down outcomes: ${outcomesFault}`;
  if (pace.pausedUntil > now) return pauseWords(lane);
  if (pace.silences > 0) return `${toNode}, which left ${countWords(pace.silences, 'attempt')} unanswered`;
  return queue.window.inFlight > 0 ? `the answer of ${toNode}` : null;
}

function pauseWords({ toNode, method, pace }: Lane): string {
  if (!pace.isAway && !pace.isDoubted) return `${toNode}, which is busy: ${pace.busyReason}`;
  return `${toNode}, ${pace.busyReason}${pace.busyReason === NOBODY ? ` for ${method}` : ''}`;
}

/** `tomorrow's budget, 00:00, for the link of ship1`. */
function budgetWords(toNode: string, held: Lane['held'], now: number): string {
  if (!held.isThere && held.ms <= WINDOW_MS)
    return `what comes over the link of this node, which has a share of its budget too`;
  return `${budgetDayWords(now + held.ms, now)}, for the link of ${held.isThere ? toNode : 'this node'}`;
}
