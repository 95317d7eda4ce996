import type { Schema } from './schema-faults.ts';

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Described extends Readonly<Record<string, unknown>> {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** An OpenAPI document, as far as clients are generated from it. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** A module in TypeScript with the types of a client, as a generator makes them from the document alone. */
export function clientTypes({ paths, components }: OpenApiDocument): string {
  const named = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods).map(operationType));
  return [...named, 'export interface Client {', ...operations, '}', ''].join('\n');
}

function operationType({ operationId, parameters = [], requestBody, responses }: Described): string {
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const values = query.map(({ name, schema }) => `${name}?: ${typeOf(schema)}`).join('; ');
  const body = requestBody === undefined ? 'undefined' : contentType(requestBody);
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const answers = new Set(good.map(([, answer]) => contentType(answer)));
  return `  ${operationId}: { query: { ${values} }; body: ${body}; answer: ${[...answers].join(' | ')} };`;
}

function contentType({ content }: Content): string {
  if (content === undefined) return 'void';
  return typeOf(Object.values(content)[0]!.schema);
}

function typeOf(schema: Schema): string {
  const { $ref, oneOf, enum: values, type } = schema;
  if ($ref !== undefined) return $ref.split('/').at(-1)!;
  if (oneOf !== undefined) return oneOf.map(typeOf).join(' | ');
  if (schema.const !== undefined || values !== undefined)
    return (values ?? [schema.const]).map((value) => JSON.stringify(value)).join(' | ');
  return type === undefined
    ? 'unknown'
    : [type]
        .flat()
        .map((one) => plainType(one, schema))
        .join(' | ');
}

function plainType(
  type: string,
  { items = {}, format, properties, required, additionalProperties = {} }: Schema,
) {
  if (type === 'integer') return 'number';
  if (type === 'array') return `readonly (${typeOf(items)})[]`;
  if (type === 'string') return format === 'binary' ? 'Uint8Array' : 'string';
  if (type !== 'object') return type;
  if (properties === undefined) return `Readonly<Record<string, ${typeOf(additionalProperties)}>>`;
  const fields = Object.entries(properties).map(
    ([name, schema]) =>
      `readonly ${JSON.stringify(name)}${required?.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  return `{ ${fields.join('; ')} }`;
}
