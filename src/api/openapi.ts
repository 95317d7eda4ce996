import { CONTRACT } from '../contract/contract.ts';
import { ApiEvent } from '../contract/events.ts';
import { ApiFault } from '../contract/faults.ts';
import { type OperationRow, routeOf } from '../contract/operation.ts';
import type { Schema } from '../contract/schema.ts';

const DESCRIPTION = `What a running node knows and does for its operators. It is served on the unix socket \`stew.sock\` in the \
node's socket folder and, with \`-apiListener=host:port\`, over TCP, where a listener that is not on a loopback address asks for \
\`Authorization: Bearer <token>\`. Every refusal has the shape of ApiFault. Objects may get more fields in later versions.`;

/** The OpenAPI 3.1 description of the API, made from the contract that serves it. */
export function describeApi({ version }: { version: string }): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, row] of Object.entries<OperationRow>(CONTRACT)) {
    const { method, path } = routeOf(row);
    const described = withRefs(describeOperation(name, row), named);
    paths[path] = { ...paths[path], [method.toLowerCase()]: described };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Steward', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    paths,
    components: { schemas: named, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

/** A part of the document where each named schema is a reference; what it refers to is put into `named`. */
function withRefs(part: unknown, named: Record<string, unknown>): unknown {
  if (Array.isArray(part)) return part.map((each) => withRefs(each, named));
  if (typeof part !== 'object' || part === null) return part;
  const { title, ...rest } = part as Schema;
  const inner = () =>
    Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withRefs(value, named)]));
  if (title === undefined) return inner();
  named[title] ??= inner();
  return { $ref: `#/components/schemas/${title}` };
}

function describeOperation(operationId: string, row: OperationRow): Record<string, unknown> {
  const { query, body, summary } = row;
  const hasId = row.does.includes('{id}');
  const parameters = [...(hasId ? [ID_PARAMETER] : []), ...describeQuery(query)];
  return {
    operationId,
    summary: summary + queryWords(query),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: describeBody(row, body) }),
    responses: {
      ...describeAnswers(row),
      ...(hasId ? { 404: fault('Nothing of this id is known') } : {}),
      default: fault('Why it was refused'),
    },
  };
}

/** The names of the values that a query may have, for a line about its operation. */
export function queryWords(query: Schema | undefined): string {
  return query === undefined ? '' : ` (query: ${Object.keys(query.properties ?? {}).join(', ')})`;
}

const ID_PARAMETER = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

function describeQuery(query: Schema | undefined): object[] {
  return Object.entries(query?.properties ?? {}).map(([name, { items, ...single }]) => {
    const { description, ...schema } = items ?? single;
    if (items === undefined) return { name, in: 'query', description, schema };
    return {
      name,
      in: 'query',
      description: `${description}; may be given several times`,
      schema: { type: 'array', items: schema },
      ...{ style: 'form', explode: true },
    };
  });
}

function describeBody({ isSubmission }: OperationRow, { description, ...schema }: Schema): object {
  const types = isSubmission ? ['application/json', 'application/yaml'] : ['application/json'];
  return {
    required: true,
    description,
    content: Object.fromEntries(types.map((type) => [type, { schema }])),
  };
}

function describeAnswers({ answer, isSubmission }: OperationRow): Record<string, unknown> {
  if (answer === undefined) return { 204: { description: 'Done' } };
  const content = typeof answer === 'string' ? CONTENT[answer] : { 'application/json': { schema: answer } };
  return Object.fromEntries(
    Object.entries(isSubmission ? SUBMISSION_STATUSES : { 200: 'The answer' }).map(
      ([status, description]) => [status, { description, content }],
    ),
  );
}

const SUBMISSION_STATUSES = {
  200: 'All was taken',
  207: 'Some was taken and some refused',
  422: 'All was refused',
};

const CONTENT = {
  bytes: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  events: { 'text/event-stream': { schema: ApiEvent } },
};

function fault(description: string): object {
  return { description, content: { 'application/json': { schema: ApiFault } } };
}
