import type { CallTimes } from '../config/link-config.ts';
import { nextCronTime } from '../lib/cron-times.ts';

/** When the call after one is due that ended at `last`; unix ms by the clock of today, both. */
export function nextCallAfter(last: number, times: CallTimes): number {
  if ('everyMs' in times) return last + times.everyMs;
  return nextCronTime(times.cron, last) ?? Number.POSITIVE_INFINITY;
}

/** What is seen of a call. Times are ms on a steady clock. */
export interface CallSight {
  readonly now: number;
  readonly beganAt: number;
  /** When something came over its connection last, or many bytes went; undefined while there is none. */
  readonly heardAt: number | undefined;
  /** How long the call may take; 0 = as long as it needs. */
  readonly limitMs: number;
  /** A round trip to the broker, where one was measured. */
  readonly roundTripMs: number | undefined;
  /** Whether something waits here that could go, or runs here since so short a time that its end belongs to the call. */
  readonly isBusy: boolean;
}

/** A call ends when nothing came for this long, and this many round trips, ms: nodes other than the central one try every 10 s. */
const QUIET_MS = 12_000;
const QUIET_ROUND_TRIPS = 4;
/** The same while something is to go, or runs. */
const BUSY_QUIET_MS = 60_000;

/** Why a call is over; undefined while it goes on. */
export function callEnd(sight: CallSight): 'drained' | 'limit' | undefined {
  const { now, beganAt, heardAt, limitMs, roundTripMs = 0, isBusy } = sight;
  if (limitMs > 0 && now - beganAt >= limitMs) return 'limit';
  if (heardAt === undefined) return undefined;
  const quietMs = isBusy ? BUSY_QUIET_MS : QUIET_MS;
  return now - heardAt >= quietMs + QUIET_ROUND_TRIPS * roundTripMs ? 'drained' : undefined;
}
