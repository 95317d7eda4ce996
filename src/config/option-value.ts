import type { OptionValue } from './option-spec.ts';
import type { Option } from './options.ts';

/** A text as an option's value, or a sentence's end that says why it is none ("is not a whole number"). */
export type ParsedText = { ok: true; value: OptionValue } | { ok: false; fault: string };

/** The forms that a bool flag takes. */
export const BOOL_TEXTS = new Map<string, boolean>([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((form) => [form, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((form) => [form, false] as const),
]);

/** Reads what a flag or an environment variable gave; bools take the forms that Go's flags take. */
export function parseOptionText(option: Option, text: string): ParsedText {
  if (option.type === 'int') return parseInteger(text);
  if (option.type === 'string') return { ok: true, value: text };
  const value = BOOL_TEXTS.get(text);
  return value === undefined ? { ok: false, fault: 'is neither true nor false' } : { ok: true, value };
}

/** Reads what config.toml holds (integers as bigint, so that 10.0 is told from 10). */
export function readOptionValue(option: Option, value: unknown): ParsedText {
  if (option.type === 'string') {
    const text = option.onlyGiven ? joined(value) : value;
    return typeof text === 'string'
      ? { ok: true, value: text }
      : { ok: false, fault: 'is not a text: put it in quotes' };
  }
  if (option.type === 'bool') {
    if (typeof value === 'boolean') return { ok: true, value };
    return { ok: false, fault: 'is not a bool: write true or false, without quotes' };
  }
  if (typeof value === 'bigint') return { ok: true, value: Number(value) };
  const unquoted = typeof value === 'string' && parseInteger(value).ok;
  return {
    ok: false,
    fault: unquoted ? 'is a text: write the number without quotes' : 'is not a whole number',
  };
}

/** A list of texts as one text, with commas between. */
function joined(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(',') : value;
}

/** The items of an option that is a list with commas between. */
export function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Why a value of the right type cannot be used, or undefined. */
export function valueFault(option: Option, value: OptionValue): string | undefined {
  if (option.required && value === '') return 'must not be empty';
  if (typeof value !== 'number') return undefined;
  const { min = 0, max = Number.MAX_SAFE_INTEGER, unit } = option;
  if (value >= min && value <= max) return undefined;
  return `must be between ${min} and ${max}${unit === undefined ? '' : ` ${unit}`}`;
}

function parseInteger(text: string): ParsedText {
  if (!/^-?(0|[1-9]\d*)$/.test(text)) return { ok: false, fault: 'is not a whole number' };
  return { ok: true, value: Number(text) };
}
