import { UsageError } from '../usage-error.ts';
import { durationText, parseDuration } from './duration.ts';

/** A time of this day as `14:03:22`, of another as `2026-03-01 14:03`, in local time. */
export function momentText(at: number, now: number): string {
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits);
  if (dayText(time) === dayText(new Date(now))) return clock.join(':');
  return `${dayText(time)} ${clock.slice(0, 2).join(':')}`;
}

/** A time with its date and milliseconds, in local time: `2026-03-01 14:03:22.120`. */
export function exactMomentText(at: number): string {
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
  return `${dayText(time)} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** How long ago a time was, or how far off it is: `3 min ago`, `in 2 h`. */
export function agoText(at: number, now: number): string {
  const span = Math.abs(now - at);
  if (span < 1000) return 'now';
  // One unit says enough.
  const text = durationText(span < 60_000 ? Math.floor(span / 1000) * 1000 : span).replace(
    /^(\d+)(?:\.\d)? (\w+).*$/,
    '$1 $2',
  );
  return at <= now ? `${text} ago` : `in ${text}`;
}

/**
 * Reads a time as ms since 1970: `14:30` and `14:30:05` (the next such time, or the last one where `isPast`), `2026-03-01`,
 * `2026-03-01 14:30`, the same with `T` and a zone, `now`, and spans such as `2h` (from now on, or ago where `isPast`).
 */
export function parseMoment(
  text: string,
  { now, isPast }: { now: number; isPast: boolean },
): number | undefined {
  const word = text.trim().toLowerCase().replace(/^in /, '').replace(/ ago$/, '').replace(/^\+/, '');
  if (word === 'now') return now;
  const span = /^\d+$/.test(word) ? undefined : parseDuration(word);
  if (span !== undefined) return isPast ? now - span : now + span;
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(word);
  if (clock !== null) return clockTime(clock, { now, isPast });
  if (!/^\d{4}-\d\d-\d\d([ t]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(z|[+-]\d\d:?\d\d))?)?$/.test(word))
    return undefined;
  // A date alone would be read as midnight in Greenwich.
  const full = word.length === 10 ? `${word} 00:00` : word.replace('t', ' ');
  const at = Date.parse(full.toUpperCase());
  return Number.isNaN(at) || !isDay(word.slice(0, 10)) ? undefined : at;
}

/** Reads the value of an option that is a time. Throws UsageError. */
export function momentOption(name: string, text: string, options: { now: number; isPast: boolean }): number {
  const at = parseMoment(text, options);
  if (at !== undefined && Number.isFinite(at)) return at;
  const span = options.isPast ? '2h (that long ago)' : '2h (from now on)';
  throw new UsageError(
    `--${name} ${JSON.stringify(text)} is no time: write it as 14:30, "2026-03-01 14:30", 2026-03-01T14:30Z or ${span}`,
  );
}

/** Whether there is such a day: Date.parse takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const midnight = new Date(`${text}T00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

function clockTime(
  [, hours, minutes, seconds]: RegExpExecArray,
  { now, isPast }: { now: number; isPast: boolean },
) {
  const time = new Date(now);
  time.setHours(Number(hours), Number(minutes), Number(seconds ?? 0), 0);
  const at = time.getTime();
  if (isPast && at > now) return new Date(time.setDate(time.getDate() - 1)).getTime();
  return !isPast && at <= now ? new Date(time.setDate(time.getDate() + 1)).getTime() : at;
}

function dayText(time: Date): string {
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
