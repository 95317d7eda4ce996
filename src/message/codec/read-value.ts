import { showText, showValue } from '../../lib/show-value.ts';

/** What became of a value from JSON: what the message takes of it (with a warning, perhaps), or why it is refused. */
export type Reading =
  | { readonly ok: true; readonly value: unknown; readonly warning?: string }
  | { readonly ok: false; readonly reason: string; readonly at?: string };

const MAX_INT = 2 ** 31 - 1;
const HALF_PAIR = 'holds half of a surrogate pair, which became "\u{FFFD}"';

/** A text; half a surrogate pair, which has no UTF-8, is replaced with a warning. */
export function readText(value: unknown): Reading {
  if (typeof value !== 'string') return refused('must be text in quotes', value);
  if (value.isWellFormed()) return { ok: true, value };
  return { ok: true, value: value.toWellFormed(), warning: HALF_PAIR };
}

/** True or false. */
export function readBool(value: unknown): Reading {
  return typeof value === 'boolean' ? { ok: true, value } : refused('must be true or false', value);
}

/** A whole number from 0 (or, where it is so said, -1) to 2^31-1. */
export function readInt(value: unknown, mayBeNever: boolean): Reading {
  const lowest = mayBeNever ? -1 : 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= lowest && value <= MAX_INT) {
    return { ok: true, value: value || 0 };
  }
  const range = `must be a whole number from 0 to ${MAX_INT}${mayBeNever ? ', or -1 for never' : ''}`;
  const isQuoted = typeof value === 'string' && /^\d+$/.test(value);
  return refused(isQuoted ? `${range}, without quotes` : range, value);
}

/** A number of seconds above 0. */
export function readSeconds(value: unknown): Reading {
  if (typeof value === 'number' && value > 0 && value <= MAX_INT) return { ok: true, value };
  return refused(`must be a number of seconds above 0 and up to ${MAX_INT}`, value);
}

/** One of some words. */
export function readOneOf(words: readonly string[], value: unknown): Reading {
  if (words.includes(value as string)) return { ok: true, value };
  return refused(`must be one of ${JSON.stringify(words).slice(1, -1).replaceAll(',', ', ')}`, value);
}

/** A list of texts. */
export function readTexts(value: unknown): Reading {
  return readList(value, readText);
}

/** A list of texts, or of `{"base64": "..."}` for bytes that are no text; each becomes bytes. */
export function readData(value: unknown): Reading {
  return readList(value, readDataItem);
}

function readDataItem(item: unknown): Reading {
  if (typeof item === 'string') {
    const reading = readText(item);
    return reading.ok ? { ...reading, value: toBytes(item, 'utf8') } : reading;
  }
  const encoded = (item as { base64?: unknown } | null)?.base64;
  if (typeof encoded !== 'string' || Object.keys(item as object).length !== 1) {
    return refused('must be text in quotes or {"base64": "..."}', item);
  }
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) {
    return { ok: false, reason: `must be base64, but ${showText(encoded)} is not` };
  }
  return { ok: true, value: toBytes(encoded, 'base64') };
}

function readList(value: unknown, readItem: (item: unknown) => Reading): Reading {
  if (!Array.isArray(value)) {
    const hint = typeof value === 'string' ? `, as in [${showText(value)}]` : '';
    return refused(`must be a list of texts${hint}`, value);
  }
  const items: unknown[] = [];
  let warning: string | undefined;
  for (const [index, item] of value.entries()) {
    const reading = readItem(item);
    if (!reading.ok) return { ...reading, at: `[${index}]` };
    warning ??= reading.warning;
    items.push(reading.value);
  }
  return { ok: true, value: items, warning };
}

function toBytes(text: string, encoding: 'utf8' | 'base64'): Uint8Array {
  const bytes = Buffer.from(text, encoding);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refused(expected: string, value: unknown): Reading {
  return { ok: false, reason: `${expected}, but is ${showValue(value)}` };
}
