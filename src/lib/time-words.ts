/** Spans of time, ms. */
export const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000] as const;
const UNITS = [
  { ms: DAY, word: 'd' },
  { ms: HOUR, word: 'h' },
  { ms: MINUTE, word: 'min' },
] as const;

/** A span of time for people, in its two largest units: `840 ms`, `1.2 s`, `3 min 4 s`, `2 d 3 h`. */
export function durationWords(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND - 50) return `${(span / SECOND).toFixed(1)} s`;
  const seconds = Math.round(span / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(seconds, 60, ['min', 's']);
  const minutes = Math.round(span / MINUTE);
  return minutes < 24 * 60
    ? twoUnits(minutes, 60, ['h', 'min'])
    : twoUnits(Math.round(span / HOUR), 24, ['d', 'h']);
}

/** The same in as few letters as there can be, for columns: `840ms`, `1.2s`, `3m 4s`, `2d 3h`. */
export function shortDuration(ms: number): string {
  return durationWords(ms)
    .replace(/ (?=[a-z])/g, '')
    .replaceAll('min', 'm');
}

/** A span of time for people, in one unit: `30 ms`, `4.2 s`, `40 s`, `3 min`, `2 d`. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms);
  const unit = UNITS.find((one) => span >= one.ms);
  if (unit) return `${Math.floor(span / unit.ms)} ${unit.word}`;
  if (span < SECOND) return `${Math.round(span)} ms`;
  const seconds = span / SECOND;
  return seconds < 10 ? `${Number(seconds.toFixed(1))} s` : `${Math.floor(seconds)} s`;
}

/** How long ago a time was, or how far off it is, for people: `now`, `4 s ago`, `in 3 h`. */
export function agoWords(at: number, now: number): string {
  const span = Math.floor(Math.abs(now - at) / SECOND) * SECOND;
  if (span === 0) return 'now';
  return at <= now ? `${spanWords(span)} ago` : `in ${spanWords(span)}`;
}

/** A time for people, as the machine's clock on the wall shows it: `10:40:02` of this day, `2026-03-01 10:40` of another. */
export function clockWords(at: number, now: number): string {
  const time = new Date(at);
  const day = dayOf(time);
  return day === dayOf(new Date(now)) ? clockOf(time) : `${day} ${clockOf(time).slice(0, 5)}`;
}

/** The budget that begins at a time, for people: `tomorrow's budget, 00:00`, `the budget of 2026-03-03, 00:00`. */
export function budgetDayWords(at: number, now: number): string {
  // What is told in whole seconds may be a moment before midnight.
  const time = new Date(Math.round(at / 60_000) * 60_000);
  const today = new Date(now);
  const tomorrow = dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1));
  const hours = clockOf(time).slice(0, 5);
  if (dayOf(time) === tomorrow) return `tomorrow's budget, ${hours}`;
  return dayOf(time) === dayOf(today)
    ? `the next budget, ${hours}`
    : `the budget of ${dayOf(time)}, ${hours}`;
}

/** A time with its date and milliseconds, by the clock on the wall: `2026-03-01 14:03:22.120`. */
export function exactClockWords(at: number): string {
  const time = new Date(at);
  return `${dayOf(time)} ${clockOf(time)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** A number of things, in words: `1 message`, `3 messages`. */
export function countWords(count: number, thing: string, things = `${thing}s`): string {
  return `${count} ${count === 1 ? thing : things}`;
}

function twoUnits(count: number, size: number, [large, small]: readonly [string, string]): string {
  const rest = count % size;
  return `${Math.floor(count / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

function clockOf(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
}

/** A day by the clock on the wall: `2026-03-01`. */
export function dayOf(time: Date): string {
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
