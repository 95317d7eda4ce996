import type { Schema } from './schema.ts';

export const TEXT = { type: 'string' } as const;
export const TEXT_OR_NULL = { type: ['string', 'null'] } as const;
export const COUNT = { type: 'integer', minimum: 0 } as const;
export const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 } as const;
export const NUMBER_OR_NULL = { type: ['integer', 'null'] } as const;
export const FLAG = { type: 'boolean' } as const;
export const ID = { type: 'string', description: 'UUIDv7' } as const;
/** A moment as ms since 1970. */
export const TIME = { type: 'integer', description: 'ms since 1970' } as const;
export const TIME_OR_NULL = { type: ['integer', 'null'], description: 'ms since 1970' } as const;
/** Any JSON value. */
export const ANYTHING = {} as const;
export const ANY_OBJECT = { type: 'object', additionalProperties: ANYTHING } as const;

/** The schema of a type of this name. */
export function ref<const N extends string>(name: N) {
  return { $ref: `#/components/schemas/${name}` } as const;
}

export function listOf<const S extends Schema>(items: S) {
  return { type: 'array', items } as const;
}

export function mapOf<const S extends Schema>(values: S) {
  return { type: 'object', additionalProperties: values } as const;
}

/** An object that has all of these properties, and may have more in a later version. */
export function whole<const P extends Readonly<Record<string, Schema>>>(properties: P, description?: string) {
  const required = Object.keys(properties) as (keyof P & string)[];
  return { type: 'object', properties, required, description } as const;
}
