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

/** The fields of a submitted message, each of the right type but not otherwise checked; or the first that is not. */
export type Fields =
  | {
      readonly ok: true;
      readonly message: Message;
      readonly expiresIn: number | undefined;
      readonly schedule: Schedule | undefined;
      readonly output: OutputMode | undefined;
      readonly priority: Priority | undefined;
      readonly supersedes: string | undefined;
      readonly warnings: Issue[];
    }
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
  const target: Record<string, unknown> = { ...newMessage({}) };
  const warnings: Issue[] = [];
  for (const [given, value] of Object.entries(item)) {
    if (value === null || value === undefined) continue;
    const field = FIELD_BY_LOWER_KEY.get(given.toLowerCase());
    if (field === undefined) {
      warnings.push({ field: given.slice(0, 64), reason: unknownKey(given) });
      continue;
    }
    const issue = fill(target, field, value, depth);
    if (issue?.isRefused) return { ok: false, field: issue.field, reason: issue.reason };
    if (issue) warnings.push({ field: issue.field, reason: issue.reason });
  }
  const { expiresIn, schedule, output, priority, supersedes, ...message } = target;
  return {
    ok: true,
    message: message as unknown as Message,
    expiresIn: expiresIn as number | undefined,
    schedule: schedule as Schedule | undefined,
    output: output as OutputMode | undefined,
    priority: priority as Priority | undefined,
    supersedes: supersedes as string | undefined,
    warnings,
  };
}

/** Puts a value into its field; what there is to say of it comes back. */
function fill(
  target: Record<string, unknown>,
  field: SubmittedField,
  value: unknown,
  depth: number,
): (Issue & { isRefused: boolean }) | undefined {
  const reading = readField(field, value, depth);
  if (!reading.ok) return { field: field.json + (reading.at ?? ''), reason: reading.reason, isRefused: true };
  target[field.key] = reading.value;
  return reading.warning === undefined
    ? undefined
    : { field: field.json, reason: reading.warning, isRefused: false };
}

type SubmittedField =
  | MessageField
  | { readonly key: 'expiresIn'; readonly json: 'expiresIn'; readonly type: 'seconds' }
  | { readonly key: 'schedule'; readonly json: 'schedule'; readonly type: 'schedule' }
  | { readonly key: 'output'; readonly json: 'output'; readonly type: 'output' }
  | { readonly key: 'priority'; readonly json: 'priority'; readonly type: 'priority' }
  | { readonly key: 'supersedes'; readonly json: 'supersedes'; readonly type: 'supersedes' };

const SUBMITTED_FIELDS: readonly SubmittedField[] = [
  ...MESSAGE_FIELDS,
  { key: 'expiresIn', json: 'expiresIn', type: 'seconds' },
  { key: 'schedule', json: 'schedule', type: 'schedule' },
  { key: 'output', json: 'output', type: 'output' },
  { key: 'priority', json: 'priority', type: 'priority' },
  { key: 'supersedes', json: 'supersedes', type: 'supersedes' },
];
const FIELD_BY_LOWER_KEY = new Map(SUBMITTED_FIELDS.map((field) => [field.json.toLowerCase(), field]));

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
    case 'seconds':
      return readSeconds(value);
    case 'schedule':
      return readSchedule(value);
    case 'output':
      return readOneOf(OUTPUT_MODES, value);
    case 'priority':
      return readOneOf(PRIORITIES, value);
    case 'supersedes':
      return readSupersedes(value);
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
