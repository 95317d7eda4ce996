import { ROUTES, type RouteName } from '../contract/routes.ts';
import type { AnswerSpec, Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import type { Parameters } from './parameters.ts';
import type { Schema } from './schema.ts';
import { ref } from './schema-parts.ts';
import { SCHEMAS } from './schemas.ts';

const DESCRIPTION = `What a running node knows and does for its operators. It is served on the unix socket \`stew.sock\` in the \
node's socket folder and, with \`-apiListener=host:port\`, over TCP, where a listener that is not on a loopback address asks for \
\`Authorization: Bearer <token>\`. Every refusal has the shape of ApiFault. Objects may get more fields in later versions.`;

/** The OpenAPI 3.1 description of the API, made from the table that serves it. */
export function describeApi({ version }: { version: string }): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { method, path } = ROUTES[name];
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(name, OPERATIONS[name]) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Steward', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describeOperation(name: RouteName, operation: Operation): Record<string, unknown> {
  const { path, summary } = ROUTES[name];
  const { query, body, answer, mayMiss } = operation;
  const parameters = [...(path.includes('{id}') ? [ID_PARAMETER] : []), ...describeQuery(query)];
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: describeBody(body) }),
    responses: {
      ...describeAnswers(answer),
      ...(mayMiss ? { 404: fault('Nothing of this id is known') } : {}),
      default: fault('Why it was refused'),
    },
  };
}

const ID_PARAMETER = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

function describeQuery(query: Parameters): object[] {
  return Object.entries(query).map(([name, { summary, schema, isList }]) => ({
    name,
    in: 'query',
    description: summary,
    schema,
    ...(isList ? { style: 'form', explode: true } : {}),
  }));
}

function describeBody({ schema, summary, isSubmission }: NonNullable<Operation['body']>): object {
  const types = isSubmission ? ['application/json', 'application/yaml'] : ['application/json'];
  return {
    required: true,
    description: summary,
    content: Object.fromEntries(types.map((type) => [type, { schema }])),
  };
}

function describeAnswers(answer: AnswerSpec): Record<string, unknown> {
  if (answer.kind === 'nothing') return { 204: { description: 'Done' } };
  const { type, schema } = CONTENT[answer.kind] ?? { type: 'application/json', schema: schemaOf(answer) };
  const content = { [type]: { schema } };
  const statuses = answer.kind === 'json' ? answer.statuses : undefined;
  const entries = Object.entries(statuses ?? { 200: 'The answer' });
  return Object.fromEntries(entries.map(([status, description]) => [status, { description, content }]));
}

const CONTENT: Readonly<Record<string, { type: string; schema: Schema }>> = {
  bytes: { type: 'application/octet-stream', schema: { type: 'string', format: 'binary' } },
  events: { type: 'text/event-stream', schema: ref('ApiEvent') },
  description: { type: 'application/json', schema: { type: 'object' } },
};

function schemaOf(answer: AnswerSpec): Schema {
  return answer.kind === 'json' ? answer.schema : {};
}

function fault(description: string): object {
  return { description, content: { 'application/json': { schema: ref('ApiFault') } } };
}
