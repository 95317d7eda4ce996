import { nearest } from '../../lib/nearest.ts';
import { showText, showValue } from '../../lib/show-value.ts';
import { MAX_MESSAGE_DEPTH, MESSAGE_FIELDS, type MessageField } from '../fields.ts';
import { type Message, newMessage } from '../message.ts';
import { OUTPUT_MODES, type OutputMode } from '../output.ts';
import { PRIORITIES, type Priority } from '../priority.ts';
import { readSchedule, type Schedule } from '../schedule.ts';
import { readSupersedes } from '../supersedes.ts';
import {
  type Reading,
  readBool,
  readData,
  readInt,
  readOneOf,
  readSeconds,
  readText,
  readTexts,
} from './read-value.ts';

/** Something about one field (by its JSON key; '' for the whole message) that the submitter should know. */
export interface Issue {
  readonly field: string;
  readonly reason: string;
}

/** What the submitter said of a message that does not travel in it; absent where nothing was said. */
export interface Said {
  /** Seconds from now after which the request must no longer run. */
  readonly expiresIn?: number;
  /** When the request is to run again and again. */
  readonly schedule?: Schedule;
  /** What is wanted of its output. */
  readonly output?: OutputMode;
  /** What it goes before. */
  readonly priority?: Priority;
  /** Its key: it takes the place of older ones with the same key that have not begun. */
  readonly supersedes?: string;
}

/** The fields of a submitted message, each of the right type but not otherwise checked; or the first that is not. */
export type Fields =
  | { readonly ok: true; readonly message: Message; readonly said: Said; readonly warnings: Issue[] }
  | ({ readonly ok: false } & Issue);

/** Half of what the codecs read, as replies to a message add to its depth. */
const MAX_SUBMITTED_DEPTH = MAX_MESSAGE_DEPTH / 2;

/** Reads the fields of a message from JSON; keys in any case, null as absent, unknown keys with a warning. */
export function readFields(item: unknown, depth = 1): Fields {
  if (!isObject(item)) {
    return { ok: false, field: '', reason: `a message must be an object, {...}, but is ${showValue(item)}` };
  }
  if (depth > MAX_SUBMITTED_DEPTH) {
    return {
      ok: false,
      field: '',
      reason: `more than ${MAX_SUBMITTED_DEPTH} previous messages are not read`,
    };
  }
  const message = newMessage({});
  const said: Said = {};
  const warnings: Issue[] = [];
  for (const given of Object.keys(item)) {
    const value = (item as Readonly<Record<string, unknown>>)[given];
    if (value === null || value === undefined) continue;
    const field = fieldOf(given);
    if (field === undefined) {
      warnings.push({ field: given.slice(0, 64), reason: unknownKey(given) });
      continue;
    }
    const issue = fill({ message, said }, field, value, depth);
    if (issue?.isRefused) return { ok: false, field: issue.field, reason: issue.reason };
    if (issue) warnings.push({ field: issue.field, reason: issue.reason });
  }
  return { ok: true, message, said, warnings };
}

function fieldOf(key: string): SubmittedField | undefined {
  return FIELDS.get(key) ?? FIELDS.get(key.toLowerCase());
}

/** Puts a value into its field; what there is to say of it comes back. */
function fill(
  { message, said }: { message: Message; said: Said },
  field: SubmittedField,
  value: unknown,
  depth: number,
): (Issue & { isRefused: boolean }) | undefined {
  const reading = readField(field, value, depth);
  if (!reading.ok) return { field: field.json + (reading.at ?? ''), reason: reading.reason, isRefused: true };
  const target = (field.type === 'said' ? said : message) as unknown as Record<string, unknown>;
  target[field.key] = reading.value;
  return reading.warning === undefined
    ? undefined
    : { field: field.json, reason: reading.warning, isRefused: false };
}

/** How what is said of a message is read. */
const READERS: Readonly<Record<keyof Said, (value: unknown) => Reading>> = {
  expiresIn: readSeconds,
  schedule: readSchedule,
  output: (value) => readOneOf(OUTPUT_MODES, value),
  priority: (value) => readOneOf(PRIORITIES, value),
  supersedes: readSupersedes,
};

type SubmittedField =
  | MessageField
  | { readonly key: keyof Said; readonly json: string; readonly type: 'said' };

const SUBMITTED_FIELDS: readonly SubmittedField[] = [
  ...MESSAGE_FIELDS,
  ...(Object.keys(READERS) as (keyof Said)[]).map((key) => ({ key, json: key, type: 'said' as const })),
];
/** By their keys, as they are and in small letters. */
const FIELDS = new Map(
  SUBMITTED_FIELDS.flatMap((field) => [field.json, field.json.toLowerCase()].map((key) => [key, field])),
);

function readField(field: SubmittedField, value: unknown, depth: number): Reading {
  switch (field.type) {
    case 'string':
      return readText(value);
    case 'int':
      return readInt(value, field.key === 'methodTimeout' || field.key === 'replyMethodTimeout');
    case 'bool':
      return readBool(value);
    case 'strings':
      return readTexts(value);
    case 'bytes':
      return readData(value);
    case 'said':
      return READERS[field.key](value);
    case 'message':
      return readPrevious(value, depth);
  }
}

function readPrevious(value: unknown, depth: number): Reading {
  const fields = readFields(value, depth + 1);
  if (fields.ok) return { ok: true, value: fields.message };
  return { ok: false, reason: fields.reason, at: fields.field && `.${fields.field}` };
}

function unknownKey(given: string): string {
  const meant = nearest(
    given,
    SUBMITTED_FIELDS.map(({ json }) => json),
  );
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `there is no field ${showText(given)}, so it is left out${hint}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
