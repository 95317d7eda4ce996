/**
 * The part of JSON Schema (draft 2020-12, as OpenAPI 3.1 has it) that describes what the API takes and answers. `T` is the
 * type of the values that fit, and exists for the type checker alone.
 */
export interface Schema<T = unknown> {
  readonly [VALUE]?: T;
  /** The name of a type of its own; OpenAPI refers to it by that. */
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxItems?: number;
  readonly default?: string | number | boolean;
  readonly examples?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

declare const VALUE: unique symbol;

/** The type of the values that a schema describes. */
export type Value<S> = S extends Schema<infer T> ? T : never;

/** Schemas of the properties of an object. */
type Properties<T> = { readonly [K in keyof T]: Schema<T[K]> };
type Plain<T> = { readonly [K in keyof T]: T[K] };

/** Any JSON value. */
export const anything: Schema = {};
export const anyObject: Schema<Readonly<Record<string, unknown>>> = {
  type: 'object',
  additionalProperties: anything,
};
export const text: Schema<string> = { type: 'string' };
export const flag: Schema<boolean> = { type: 'boolean' };
export const integer: Schema<number> = { type: 'integer' };
export const count: Schema<number> = { type: 'integer', minimum: 0 };
export const id: Schema<string> = { type: 'string', description: 'UUIDv7' };
/** A moment as ms since 1970. */
export const time: Schema<number> = { type: 'integer', description: 'ms since 1970' };
/** A moment in a query, where people write it. */
export const timeInQuery: Schema<number> = {
  oneOf: [{ type: 'integer' }, { type: 'string', format: 'date-time' }],
};
/** A text in a query, where an empty one is a mistake. */
export const word: Schema<string> = { type: 'string', minLength: 1 };

export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return { ...schema, type: [schema.type as string, 'null'] } as Schema<T | null>;
}

export function list<T>(items: Schema<T>): Schema<readonly T[]> {
  return { type: 'array', items };
}

export function map<T>(values: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return { type: 'object', additionalProperties: values };
}

export function literal<const T extends string>(value: T): Schema<T> {
  return { const: value };
}

export function choice<const T extends string>(...values: readonly T[]): Schema<T> {
  return { type: 'string', enum: values };
}

/** An object; later versions may give it more properties than these. */
export function object<R, O = unknown>(
  required: Properties<R>,
  optional?: Properties<O>,
): Schema<Plain<R & Partial<O>>> {
  const names = Object.keys(required);
  return {
    type: 'object',
    properties: { ...required, ...optional },
    ...(names.length === 0 ? {} : { required: names }),
  };
}

export function oneOf<T extends readonly unknown[]>(
  ...schemas: { readonly [K in keyof T]: Schema<T[K]> }
): Schema<T[number]> {
  return { oneOf: schemas };
}

/** A schema with a description, or further limits. */
export function about<T>(schema: Schema<T>, more: string | Omit<Schema, typeof VALUE>): Schema<T> {
  return { ...schema, ...(typeof more === 'string' ? { description: more } : more) };
}

/** A type that is described once, under its name. */
export function named<T>(title: string, schema: Schema<T>, description?: string): Schema<T> {
  return { title, ...schema, ...(description === undefined ? {} : { description }) };
}
