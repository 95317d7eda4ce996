import type { Schema } from '../contract/schema.ts';
import { nearest } from '../lib/nearest.ts';
import { rangeWords } from './check-value.ts';
import { badValue } from './refusal.ts';

/**
 * Reads a query as the properties of its schema have it; what was not given is left out. Throws RefusedError for a name that
 * is none of them and for a value that is wrong.
 */
export function readQuery(query: URLSearchParams, schema: Schema = {}): Record<string, unknown> {
  const { properties = {} } = schema;
  const values: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known === undefined) throw badValue(name, unknownName(name, Object.keys(properties)));
    values[name] = readValues(name, query.getAll(name), known);
  }
  return values;
}

function readValues(name: string, texts: readonly string[], { items, ...single }: Schema): unknown {
  if (items !== undefined) return texts.map((each) => readValue(name, each, items));
  if (texts.length > 1) throw badValue(name, `${name} is given ${texts.length} times: give it once`);
  return readValue(name, texts[0]!, single);
}

function readValue(name: string, given: string, schema: Schema): unknown {
  const result = READERS[kindOf(schema)](given, schema);
  if (result.fault === undefined) return result.value;
  throw badValue(name, `${name} is ${JSON.stringify(given.slice(0, 100))}: it ${result.fault}`);
}

type Kind = 'choice' | 'time' | 'integer' | 'boolean' | 'string';
type Read = { readonly value: unknown; readonly fault?: undefined } | { readonly fault: string };

function kindOf({ enum: values, oneOf, type }: Schema): Kind {
  if (values !== undefined) return 'choice';
  return oneOf === undefined ? (type as Kind) : 'time';
}

/** What a text is as a value of each kind. */
const READERS: Readonly<Record<Kind, (given: string, schema: Schema) => Read>> = {
  string: (given) => (given === '' ? { fault: 'must not be empty' } : { value: given }),
  boolean: (given) =>
    given === 'true' || given === 'false' ? { value: given === 'true' } : { fault: 'must be true or false' },
  integer: (given, { minimum = 0, maximum }) => {
    const value = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
    if (value >= minimum && value <= (maximum ?? Number.MAX_SAFE_INTEGER)) return { value };
    return { fault: `must be a whole number${rangeWords({ minimum, maximum })}` };
  },
  choice: (given, { enum: values = [] }) => {
    if (values.includes(given)) return { value: given };
    const close = nearest(given, values);
    const hint = close === undefined ? '' : `; did you mean ${close}?`;
    return { fault: `must be one of ${values.join(', ')}${hint}` };
  },
  /** A moment: ms since 1970, or a date and time as ISO 8601 writes them. */
  time: (given) => {
    const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(given);
    const value = /^\d{1,15}$/.test(given) ? Number(given) : isDate ? Date.parse(given) : Number.NaN;
    if (!Number.isNaN(value)) return { value };
    return { fault: 'must be ms since 1970 or a time such as 2026-01-31T08:00:00Z' };
  },
};

function unknownName(name: string, names: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 100));
  if (names.length === 0) return `there is no query value ${shown} here: this path takes none`;
  const close = nearest(name, names);
  const hint = close === undefined ? `there are ${names.join(', ')}` : `did you mean ${close}?`;
  return `there is no query value ${shown} here: ${hint}`;
}
