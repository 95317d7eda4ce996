import type { Schema } from '../contract/schema.ts';
import { badValue, type RefusedError } from './refusal.ts';

/** Larger numbers are not the same to everybody who reads them. */
const MOST = Number.MAX_SAFE_INTEGER;

/** The first thing that is wrong with a value of a body; undefined where it fits the schema. */
export function faultOf(value: unknown, schema: Schema, place = ''): RefusedError | undefined {
  const { type } = schema;
  if (type === undefined) return undefined;
  if (typeOf(value) !== type || !isWithin(value, schema)) return isNot(value, schema, { place });
  if (type === 'array') return listFault(value as unknown[], schema, place);
  return type === 'object' ? objectFault(value as Record<string, unknown>, schema, place) : undefined;
}

/** Whether a number, where it is one, is within its bounds. */
function isWithin(value: unknown, { minimum = -MOST, maximum = MOST }: Schema): boolean {
  return typeof value !== 'number' || (value >= minimum && value <= maximum);
}

function listFault(list: readonly unknown[], schema: Schema, place: string): RefusedError | undefined {
  const { maxItems = Infinity, items = {} } = schema;
  if (list.length > maxItems) {
    return badValue(place, `there are ${list.length} ${place}: ask for ${maxItems} at most at once`);
  }
  const wrong = list.findIndex((item) => faultOf(item, items, place) !== undefined);
  return wrong === -1 ? undefined : isNot(list[wrong], schema, { place, index: wrong });
}

function objectFault(
  object: Readonly<Record<string, unknown>>,
  schema: Schema,
  place: string,
): RefusedError | undefined {
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const field = place === '' ? name : `${place}.${name}`;
    const isGiven = Object.hasOwn(object, name);
    if (!isGiven && schema.required?.includes(name)) {
      return badValue(field, `${field} is missing: ${mustBe(schema, place)}`);
    }
    const fault = isGiven ? faultOf(object[name], inner, field) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isNot(
  value: unknown,
  schema: Schema,
  { place, index }: { place: string; index?: number },
): RefusedError {
  const where = index === undefined ? nameOf(place) : `${place}[${index}]`;
  const [first = ''] = Object.keys(schema.properties ?? {});
  const reason = `${where} is ${JSON.stringify(value).slice(0, 100)}: ${mustBe(schema, place)}`;
  return badValue(place || first, reason);
}

function mustBe(schema: Schema, place: string): string {
  return `${nameOf(place)} must be ${wordsFor(schema)}`;
}

function nameOf(place: string): string {
  return place === '' ? 'the body' : place;
}

/** What a schema asks for, such as `a list of texts such as "ship*" or "@group"`. */
function wordsFor(schema: Schema): string {
  const { type, items, properties = {}, examples = [] } = schema;
  if (type === 'array') return `a list of ${wordsFor(items ?? {}).replace(/^an? (\w+)/, '$1s')}`;
  if (type === 'object') {
    const shape = Object.entries(properties).map(([name, each]) => `"${name}": ${SHAPES[String(each.type)]}`);
    return [`{${shape.join(', ')}}`, ...Object.values(properties).map(wordsFor)].join(', ');
  }
  if (type === 'integer') return `${NAMES.integer}${rangeWords(schema)}`;
  const like = examples.map((each) => `"${each}"`).join(' or ');
  return `${NAMES[String(type)] ?? 'a JSON value'}${like === '' ? '' : ` such as ${like}`}`;
}

/** The bounds of a number, where it has some. */
export function rangeWords({ minimum, maximum }: Schema): string {
  if (maximum !== undefined) return ` from ${minimum ?? 0} to ${maximum}`;
  return minimum === undefined ? '' : ` of at least ${minimum}`;
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  boolean: 'true or false',
};
const SHAPES: Readonly<Record<string, string>> = {
  array: '[...]',
  object: '{...}',
  string: '"..."',
  integer: '1',
  boolean: 'true',
};

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
