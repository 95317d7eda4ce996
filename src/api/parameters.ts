import { nearest } from '../lib/nearest.ts';
import { badValue } from './refusal.ts';
import type { Schema } from './schema.ts';

/** One value that a query may have: what it is, and how its text is read. */
export interface Parameter<T> {
  readonly summary: string;
  readonly schema: Schema;
  /** Whether it may be given several times. */
  readonly isList: boolean;
  /** The value of what was given for it, once or several times. Throws RefusedError. */
  read(name: string, texts: readonly string[]): T;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of a query; those that were not given are undefined. */
export type QueryOf<P extends Parameters> = {
  readonly [N in keyof P]?: P[N] extends Parameter<infer T> ? T : never;
};

/** Reads a query. Throws RefusedError for a name that is none of the parameters and for a value that is wrong. */
export function readQuery<P extends Parameters>(query: URLSearchParams, parameters: P): QueryOf<P> {
  const values: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) throw badValue(name, unknownName(name, Object.keys(parameters)));
    values[name] = parameter.read(name, query.getAll(name));
  }
  return values as QueryOf<P>;
}

/** A text that is not empty. */
export function text(summary: string): Parameter<string> {
  return single<string>({ summary, schema: { type: 'string', minLength: 1 } }, (value) =>
    value === '' ? { fault: 'must not be empty' } : { value },
  );
}

export function integer(
  summary: string,
  { min, max, standard }: { min: number; max: number; standard?: number },
): Parameter<number> {
  const schema = { type: 'integer', minimum: min, maximum: max } as const;
  const described = standard === undefined ? schema : { ...schema, default: standard };
  return single<number>({ summary, schema: described }, (given) => {
    const value = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
    if (value >= min && value <= max) return { value };
    const upTo = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    return { fault: `must be a whole number ${upTo}` };
  });
}

export function flag(summary: string): Parameter<boolean> {
  return single<boolean>({ summary, schema: { type: 'boolean', default: false } }, (value) =>
    value === 'true' || value === 'false' ? { value: value === 'true' } : { fault: 'must be true or false' },
  );
}

export function choice<const V extends string>(
  summary: string,
  values: readonly V[],
  standard?: V,
): Parameter<V> {
  const schema = { type: 'string', enum: values } as const;
  const described = standard === undefined ? schema : { ...schema, default: standard };
  return single<V>({ summary, schema: described }, (given) => {
    const value = values.find((candidate) => candidate === given);
    if (value !== undefined) return { value };
    const close = nearest(given, values);
    const hint = close === undefined ? '' : `; did you mean ${close}?`;
    return { fault: `must be one of ${values.join(', ')}${hint}` };
  });
}

/** A moment: ms since 1970, or a date and time as ISO 8601 writes them. */
export function time(summary: string): Parameter<number> {
  const schema = { anyOf: [{ type: 'integer' }, { type: 'string', format: 'date-time' }] } as const;
  return single<number>({ summary, schema }, (given) => {
    const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(given);
    const value = /^\d{1,15}$/.test(given) ? Number(given) : isDate ? Date.parse(given) : Number.NaN;
    if (!Number.isNaN(value)) return { value };
    return { fault: 'must be ms since 1970 or a time such as 2026-01-31T08:00:00Z' };
  });
}

/** A parameter that may be given several times. */
export function many<T>(one: Parameter<T>): Parameter<readonly T[]> {
  return {
    summary: `${one.summary}; may be given several times`,
    schema: { type: 'array', items: one.schema },
    isList: true,
    read: (name, texts) => texts.map((each) => one.read(name, [each])),
  };
}

type Read<T> = { readonly value: T; readonly fault?: undefined } | { readonly fault: string };

function single<T>(
  { summary, schema }: { summary: string; schema: Schema },
  read: (text: string) => Read<T>,
): Parameter<T> {
  return {
    summary,
    schema,
    isList: false,
    read: (name, [given = '', ...more]) => {
      if (more.length > 0) throw badValue(name, `${name} is given ${more.length + 1} times: give it once`);
      const result = read(given);
      if (result.fault === undefined) return result.value;
      throw badValue(name, `${name} is ${JSON.stringify(given.slice(0, 100))}: it ${result.fault}`);
    },
  };
}

function unknownName(name: string, names: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 100));
  if (names.length === 0) return `there is no query value ${shown} here: this path takes none`;
  const close = nearest(name, names);
  const hint = close === undefined ? `there are ${names.join(', ')}` : `did you mean ${close}?`;
  return `there is no query value ${shown} here: ${hint}`;
}
