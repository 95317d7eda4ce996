import { dayOf } from '../lib/time-words.ts';

/** What went of a budget that is given for a day. Nothing of it is changed in place. */
export interface BudgetDay {
  /** By the wall clock, as the machine's zone has it: `2026-03-01`. */
  readonly day: string;
  /** When it began, ms by the kept clock. */
  readonly beganAt: number;
  /** What went since, bytes both ways. */
  readonly spentBytes: number;
}

/** A moment by both clocks, ms: `kept` goes on steadily, `wall` may be set. */
export interface Moment {
  readonly kept: number;
  readonly wall: number;
}

/** No budget lasts less than this, however the clock is set; the shortest day of a year has 23 h, ms. */
const LEAST_DAY_MS = 20 * 3_600_000;

/** A day as it was saved; undefined where there is none that can be read. */
export function readDay(saved: string | undefined): BudgetDay | undefined {
  if (saved === undefined) return undefined;
  try {
    const { day, beganAt, spentBytes } = JSON.parse(saved) as Partial<BudgetDay>;
    const isDay = typeof day === 'string' && Number.isFinite(beganAt) && Number.isFinite(spentBytes);
    return isDay ? { day, beganAt: beganAt!, spentBytes: spentBytes! } : undefined;
  } catch {
    return undefined;
  }
}

/** The first day that is known of: it began at midnight. */
export function firstDay(now: Moment): BudgetDay {
  return { day: dayOf(new Date(now.wall)), beganAt: midnightBefore(now), spentBytes: 0 };
}

/**
 * The day that it is now. It is a new one where the date is another and the old one has lasted: a clock that is set, to whatever
 * date, and a zone that changes begin none, and what went counts on.
 */
export function dayAt(state: BudgetDay, now: Moment): BudgetDay {
  const day = dayOf(new Date(now.wall));
  if (day === state.day) return state;
  if (now.kept - state.beganAt < LEAST_DAY_MS) return { ...state, day };
  return { day, beganAt: Math.max(midnightBefore(now), state.beganAt + LEAST_DAY_MS), spentBytes: 0 };
}

/** When the next budget begins, as far as is known now, unix ms by the wall clock. */
export function nextDayAt(state: BudgetDay, now: Moment): number {
  const midnight = midnightIn(now.wall, 1);
  const isTooSoon = now.kept + midnight - now.wall - state.beganAt < LEAST_DAY_MS;
  return isTooSoon ? midnightIn(now.wall, 2) : midnight;
}

function midnightBefore({ kept, wall }: Moment): number {
  return kept - (wall - midnightIn(wall, 0));
}

/** Midnight at the beginning of the day, or of one that follows. */
function midnightIn(wall: number, days: number): number {
  const time = new Date(wall);
  return new Date(time.getFullYear(), time.getMonth(), time.getDate() + days).getTime();
}
