import { DAY, HOUR, MINUTE, SECOND } from './time-words.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  sec: SECOND,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
};

/** Reads `30` (seconds), `500ms`, `90s`, `5m`, `1h30m`, `2d` or `1w` as ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().toLowerCase().replaceAll(' ', '');
  if (/^\d+(\.\d+)?$/.test(compact)) return Number(compact) * SECOND;
  if (!/^(\d+(\.\d+)?(ms|sec|s|min|m|h|d|w))+$/.test(compact)) return undefined;
  const parts = compact.matchAll(/([\d.]+)([a-z]+)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0);
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
