import { parseDuration, parseMoment } from '../../lib/read-time.ts';
import { UsageError } from './command.ts';

/** Reads the value of an option that is a whole number from 1 on; undefined where it was not given. Throws UsageError. */
export function wholeNumberOption(
  name: string,
  text: string | undefined,
  most = 1_000_000,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`--${name} ${JSON.stringify(text)} is no number from 1 to ${most}`);
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

/** Reads the value of an option that is a time. Throws UsageError. */
export function momentOption(name: string, text: string, options: { now: number; isPast: boolean }): number {
  const at = parseMoment(text, options);
  if (at !== undefined && Number.isFinite(at)) return at;
  const span = options.isPast ? '2h (that long ago)' : '2h (from now on)';
  throw new UsageError(
    `--${name} ${JSON.stringify(text)} is no time: write it as 14:30, "2026-03-01 14:30", 2026-03-01T14:30Z or ${span}`,
  );
}
