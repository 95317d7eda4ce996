const SECOND = 1000;
const UNITS = [
  { ms: 86_400 * SECOND, word: 'd' },
  { ms: 3600 * SECOND, word: 'h' },
  { ms: 60 * SECOND, word: 'min' },
] as const;

/** A span of time for people, in one unit: `30 ms`, `4.2 s`, `40 s`, `3 min`, `2 d`. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms);
  const unit = UNITS.find((one) => span >= one.ms);
  if (unit) return `${Math.floor(span / unit.ms)} ${unit.word}`;
  if (span < SECOND) return `${Math.round(span)} ms`;
  const seconds = span / SECOND;
  return seconds < 10 ? `${Number(seconds.toFixed(1))} s` : `${Math.floor(seconds)} s`;
}

/** How long ago a time was, for people: `now`, `4 s ago`, `3 h ago`. */
export function agoWords(at: number, now: number): string {
  const span = Math.floor((now - at) / SECOND) * SECOND;
  return span <= 0 ? 'now' : `${spanWords(span)} ago`;
}

/** A time for people, as the machine's clock on the wall shows it: `10:40:02` of this day, `2026-03-01 10:40` of another. */
export function clockWords(at: number, now: number): string {
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits);
  const day = dayOf(time);
  return day === dayOf(new Date(now)) ? clock.join(':') : `${day} ${clock.slice(0, 2).join(':')}`;
}

/** A number of things, in words: `1 message`, `3 messages`. */
export function countWords(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function dayOf(time: Date): string {
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
