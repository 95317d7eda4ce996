import { DAY, exactClockWords, HOUR, MINUTE, SECOND, spanWords } from '../../lib/time-words.ts';

/**
 * How long ago a time is, in at most seven letters: `now`, `20s`, `5m`, `3h`, `2d`. Below a minute it goes in steps of
 * ten seconds, so that a list at rest is not drawn again each second.
 */
export function age(at: number | null, now: number): string {
  if (at === null) return 'never';
  const ms = now - at;
  if (ms < 10 * SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / (10 * SECOND)) * 10}s`;
  if (ms >= DAY && ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return spanWords(ms).replace(/ (.).*/, '$1');
}

/** The same in a sentence: `now`, `5m ago`, `never`. */
export function ago(at: number | null, now: number): string {
  const text = age(at, now);
  return text === 'now' || text === 'never' ? text : `${text} ago`;
}

/** How far ahead a time is: `now`, `in 4s`, `in 5m`. */
export function until(at: number, now: number): string {
  const ms = at - now;
  if (ms <= 0) return 'now';
  return ms < MINUTE ? `in ${Math.ceil(ms / SECOND)}s` : `in ${age(now, at)}`;
}

/** A time of day to the millisecond, for steps that follow each other closely. */
export function exactClock(at: number): string {
  return exactClockWords(at).slice(11);
}
