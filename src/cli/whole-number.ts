import { UsageError } from './usage-error.ts';

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
