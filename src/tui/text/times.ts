const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in a few letters, such as `350ms`, `12s`, `5m 20s`, `3h 5m`, `2d 4h`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)}s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < HOUR) return twoUnits(ms, MINUTE, 'm', SECOND, 's');
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'm');
  return twoUnits(ms, DAY, 'd', HOUR, 'h');
}

/**
 * How long ago a time is, in at most seven letters: `now`, `20s`, `5m`, `3h`, `2d`. Below a minute it goes in steps of
 * ten seconds, so that a list at rest is not drawn again each second.
 */
export function age(at: number | null, now: number): string {
  if (at === null) return 'never';
  const ms = now - at;
  if (ms < 10 * SECOND) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / (10 * SECOND)) * 10}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
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

/** A time of day by this machine's clock, with the date where it is not today: `14:02:11`, `Nov 22 14:02`. */
export function clock(at: number, now: number): string {
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${monthDay(date)} ${time.slice(0, 5)}`;
}

/** A time of day to the millisecond, for steps that follow each other closely. */
export function exactClock(at: number): string {
  const date = new Date(at);
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** A date with its time of day, to the minute. */
export function dateTime(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A number of bytes in a few letters: `312 B`, `1.2 kB`, `64 MB`. */
export function byteCount(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function monthDay(date: Date): string {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2, ' ')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function twoUnits(ms: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const whole = Math.floor(ms / big);
  const rest = Math.floor((ms % big) / small);
  return rest === 0 ? `${whole}${bigUnit}` : `${whole}${bigUnit} ${rest}${smallUnit}`;
}
