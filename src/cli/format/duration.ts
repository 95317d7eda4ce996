import { UsageError } from '../usage-error.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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

/** A span of time for people, in its two largest units: `840 ms`, `1.2 s`, `3 min 4 s`, `2 d 3 h`. */
export function durationText(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return `${Math.round(span)} ms`;
  if (span < 10 * SECOND - 50) return `${(span / SECOND).toFixed(1)} s`;
  const seconds = Math.round(span / SECOND);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(span / MINUTE);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(span / HOUR);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(many: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${many} ${unit}` : `${many} ${unit} ${rest} ${restUnit}`;
}

/** Reads `30` (seconds), `500ms`, `90s`, `5m`, `1h30m`, `2d` or `1w` as ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().toLowerCase().replaceAll(' ', '');
  if (/^\d+(\.\d+)?$/.test(compact)) return Number(compact) * SECOND;
  if (!/^(\d+(\.\d+)?(ms|sec|s|min|m|h|d|w))+$/.test(compact)) return undefined;
  const parts = compact.matchAll(/([\d.]+)([a-z]+)/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0);
}

/** Reads the value of an option that is a span of time, as ms. Throws UsageError. */
export function durationOption(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && Number.isFinite(ms)) return ms;
  throw new UsageError(
    `--${name} ${JSON.stringify(text)} is no span of time: write it as 30s, 5m, 1h30m or 2d; a bare number is seconds`,
  );
}

/** What fits into a timer, with some room for what is waited for besides, s: a little under 25 days. */
const MOST_SECONDS = 2_147_000;

/** Reads the value of an option that is waited for in whole seconds, 1 at least; `otherwise` where it was not given. Throws UsageError. */
export function secondsOption(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const seconds = Math.ceil(durationOption(name, text) / 1000);
  if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw new UsageError(`--${name} ${JSON.stringify(text)} is not between a second and 24 days`);
}
