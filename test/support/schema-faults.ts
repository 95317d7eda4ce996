import type { Schema as PlainSchema } from '../../src/contract/schema.ts';

/** A schema as the document has it: those with names are references. */
export type Schema = PlainSchema & { readonly $ref?: string };

/**
 * Where a value is not as a JSON Schema says, a line for each place. Stricter than the standard: a property that an
 * object's schema does not name counts as a fault, unless it allows any.
 */
export function schemaFaults(
  value: unknown,
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
): string[] {
  return faultsAt('$', value, schema, schemas);
}

type Schemas = Readonly<Record<string, Schema>>;

function faultsAt(place: string, value: unknown, schema: Schema, schemas: Schemas): string[] {
  if (schema.$ref !== undefined) {
    const named = schemas[schema.$ref.replace('#/components/schemas/', '')];
    return named === undefined
      ? [`${place}: ${schema.$ref} is not there`]
      : faultsAt(place, value, named, schemas);
  }
  const choices = schema.oneOf;
  if (choices !== undefined) {
    const faults = choices.map((choice) => faultsAt(place, value, choice, schemas));
    return faults.some((each) => each.length === 0) ? [] : [`${place} is none of: ${faults.join(' | ')}`];
  }
  const type = typeOf(value);
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types !== undefined && !types.includes(type)) return [`${place} is ${type}, not ${types.join(' or ')}`];
  return [...valueFaults(place, value, schema), ...innerFaults(place, value, schema, schemas)];
}

function valueFaults(place: string, value: unknown, schema: Schema): string[] {
  const { const: constant, enum: values, minimum } = schema;
  if (constant !== undefined && value !== constant) return [`${place} is not ${constant}`];
  if (values !== undefined && !values.includes(value as string)) {
    return [`${place} is ${JSON.stringify(value)}, none of ${values.join(', ')}`];
  }
  if (minimum !== undefined && typeof value === 'number' && value < minimum) return [`${place} is ${value}`];
  return [];
}

function innerFaults(place: string, value: unknown, schema: Schema, schemas: Schemas): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((item, index) => faultsAt(`${place}[${index}]`, item, items, schemas));
  }
  if (typeof value !== 'object' || value === null) return [];
  const missing = (schema.required ?? []).filter((name) => !(name in value));
  return [
    ...missing.map((name) => `${place}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const known = schema.properties?.[name] ?? schema.additionalProperties;
      if (typeof known === 'object') return faultsAt(`${place}.${name}`, inner, known, schemas);
      return known === true || schema.properties === undefined ? [] : [`${place}.${name} is not described`];
    }),
  ];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
