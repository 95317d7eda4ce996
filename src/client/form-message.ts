import { parseDuration } from '../lib/read-time.ts';
import { splitWords } from '../lib/shell-words.ts';
import { argumentPlace, type FormRow } from './form-rows.ts';

/** What a form's fields come to: the message without its targets, and what is wrong with which field. */
export interface FormMessage {
  readonly message: Readonly<Record<string, unknown>>;
  readonly faults: Readonly<Record<string, string>>;
}

type Read = { readonly value: unknown } | { readonly fault: string } | undefined;

/** Builds the message out of the texts in the rows. `extra` has what a template brought and no row shows. */
export function buildMessage(
  rows: readonly FormRow[],
  textOf: (field: string) => string,
  extra: Readonly<Record<string, unknown>>,
): FormMessage {
  const message: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  const args: string[] = [];
  for (const row of rows) {
    if (row.type === 'targets' || row.type === 'send') continue;
    const read = readField(row, textOf(row.field));
    if (read === undefined) {
      if (row.isRequired) faults[row.field] = 'is needed';
    } else if ('fault' in read) faults[row.field] = read.fault;
    else place(row.field, read.value, { message, args });
  }
  return { message: { ...inOrder(message, args), ...extra }, faults };
}

function readField({ type }: FormRow, text: string): Read {
  if (text === '') return undefined;
  if (type === 'words') {
    const split = splitWords(text);
    return split.ok ? { value: split.words } : { fault: split.fault };
  }
  if (type === 'seconds' || type === 'count') return readNumber(type, text);
  if (type === 'schedule') return { value: readSchedule(text) };
  return { value: text };
}

/** A whole number; seconds may be a span such as 2h, as the command line takes it. */
function readNumber(type: FormRow['type'], text: string): Read {
  if (/^-?\d+$/.test(text.trim())) return { value: Number(text) };
  const ms = type === 'seconds' ? parseDuration(text) : undefined;
  return ms === undefined ? { fault: 'is a whole number' } : { value: Math.ceil(ms / 1000) };
}

function readSchedule(text: string): unknown {
  const [, every, total] = /^\s*\[?\s*(\d+)\s*,\s*(\d+)\s*\]?\s*$/.exec(text) ?? [];
  return every === undefined ? text.trim() : [Number(every), Number(total)];
}

function place(
  field: string,
  value: unknown,
  into: { message: Record<string, unknown>; args: string[] },
): void {
  const argument = argumentPlace(field);
  if (argument === undefined && field !== 'methodArgs') {
    into.message[field] = field === 'data' ? [value] : value;
    return;
  }
  const index = argument?.index ?? 0;
  while (into.args.length < index) into.args.push('');
  into.args.push(...(Array.isArray(value) ? (value as string[]) : [value as string]));
}

/** The keys in the order in which people write them. */
function inOrder({ method, data, ...rest }: Record<string, unknown>, args: readonly string[]): object {
  return {
    ...(method === undefined ? {} : { method }),
    ...(args.length === 0 ? {} : { methodArgs: args }),
    ...(data === undefined ? {} : { data }),
    ...rest,
  };
}
