import type { SCHEMAS } from '../../src/api/schemas.ts';

type Named = typeof SCHEMAS;

/** The type of the values that a JSON Schema admits. */
export type FromSchema<S> = S extends { $ref: `#/components/schemas/${infer N extends keyof Named}` }
  ? FromSchema<Named[N]>
  : S extends { oneOf: readonly (infer O)[] }
    ? FromSchema<O>
    : S extends { const: infer C }
      ? C
      : S extends { enum: readonly (infer E)[] }
        ? E
        : S extends { type: infer T }
          ? OfType<T extends readonly (infer U)[] ? U : T, S>
          : unknown;

type OfType<T, S> = T extends 'string'
  ? string
  : T extends 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : T extends 'array'
          ? S extends { items: infer I }
            ? readonly FromSchema<I>[]
            : never
          : T extends 'object'
            ? OfObject<S>
            : never;

type OfObject<S> = S extends { properties: infer P }
  ? Flat<
      { readonly [K in keyof P & Required<S>]: FromSchema<P[K]> } & {
        readonly [K in Exclude<keyof P, Required<S>>]?: FromSchema<P[K]>;
      }
    >
  : S extends { additionalProperties: infer A }
    ? Readonly<Record<string, FromSchema<A>>>
    : never;

type Required<S> = S extends { required: readonly (infer R)[] } ? R : never;

type Flat<T> = { [K in keyof T]: T[K] };

/** Whether two types are the same, down to optional and readonly properties. */
export type Same<A, B> =
  (<T>() => T extends Deep<A> ? 1 : 2) extends <T>() => T extends Deep<B> ? 1 : 2 ? true : false;

/** A type written out, so that two ways of saying the same compare as equal. */
type Deep<T> = T extends readonly (infer I)[]
  ? readonly Deep<I>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<T[K]> }
    : T;
