import type { EventFilter } from '../contract/events.ts';
import type { SubmissionAnswer } from '../contract/requests.ts';
import type { RouteName } from '../contract/routes.ts';
import { REQUEST_STATES } from '../contract/states.ts';
import { defineOperation, type Operation, type OperationCall } from './operation.ts';
import { choice, flag, integer, many, text, time } from './parameters.ts';
import { readJson } from './read-json.ts';
import { readTargets } from './read-targets.ts';
import { RefusedError } from './refusal.ts';
import type { Schema } from './schema.ts';
import { ANYTHING, listOf, ref, TEXT, whole } from './schema-parts.ts';
import type { SchemaName } from './schemas.ts';

const EVENT_TYPES = ['hello', 'requests', 'many', 'output', 'nodes', 'errors'] as const;
const PAGE = {
  limit: integer('At most this many', { min: 1, max: 1000, standard: 100 }),
  cursor: text('`next` of the page before'),
};
const LAST = integer('At most this many', { min: 1, max: 10_000, standard: 100 });
const RESEND_CHOICES = ['failed', 'missing', 'both'] as const;

/** Every operation of the API, by its name in ROUTES. */
export const OPERATIONS: Readonly<Record<RouteName, Operation>> = {
  status: gives('StatusAnswer', ({ desk }) => desk.status()),
  submit: defineOperation({
    query: {
      batch: text('Adds to the batch of this id, a UUIDv7'),
      label: text('What lists show for the batch'),
      dryRun: flag('Checks only: nothing is sent'),
    },
    body: {
      schema: { anyOf: [{ type: 'array', items: { type: 'object' } }, { type: 'object' }] },
      summary: 'A list of messages or one message, as JSON or YAML, as the listeners take them',
      isSubmission: true,
    },
    answer: {
      ...json('SubmissionAnswer'),
      statuses: { 200: 'All was taken', 207: 'Some was taken and some refused', 422: 'All was refused' },
    },
    run: ({ desk, body, query: { batch, label, dryRun } }) =>
      desk.submit(body, { batch, label, isDryRun: dryRun }),
    statusOf: (answer) => submissionStatus(answer as SubmissionAnswer),
  }),
  requests: defineOperation({
    query: {
      node: many(text('Name of a node')),
      method: many(text('Name of a method')),
      state: many(choice('State', REQUEST_STATES)),
      batch: text('Id of a batch'),
      since: time('Queued at or after this time'),
      until: time('Queued before this time'),
      ...PAGE,
    },
    answer: json('RequestPage'),
    run: ({ desk, query: { limit, cursor, ...filter } }) => desk.requests(filter, { limit, cursor }),
  }),
  request: gives('RequestDetail', ({ desk, id }) => desk.request(id), { mayMiss: true }),
  output: defineOperation({
    query: {
      stream: choice('Which stream', ['stdout', 'stderr'], 'stdout'),
      from: integer('The first byte wanted', { min: 0, max: Number.MAX_SAFE_INTEGER, standard: 0 }),
    },
    answer: { kind: 'bytes' },
    mayMiss: true,
    run: ({ desk, id, query }) => desk.output(id, query),
  }),
  cancelRequest: gives('CancelResult', ({ desk, id }) => desk.cancelRequest(id), { mayMiss: true }),
  resendRequest: gives('SubmissionAnswer', ({ desk, id }) => desk.resendRequest(id), { mayMiss: true }),
  batches: defineOperation({
    query: PAGE,
    answer: json('BatchPage'),
    run: ({ desk, query }) => desk.batches(query),
  }),
  batch: gives('BatchSummary', ({ desk, id }) => desk.batch(id), { mayMiss: true }),
  planBatch: defineOperation({
    query: {},
    body: { schema: ANYTHING, summary: 'Any JSON value', isSubmission: false },
    answer: { kind: 'nothing' },
    mayMiss: true,
    run: ({ desk, id, body }) => desk.planBatch(id, readJson(body)),
  }),
  cancelBatch: gives(listOf(ref('CancelResult')), ({ desk, id }) => desk.cancelBatch(id), { mayMiss: true }),
  resendBatch: defineOperation({
    query: { which: choice('Those that failed, those without an end, or both', RESEND_CHOICES, 'both') },
    answer: json('SubmissionAnswer'),
    mayMiss: true,
    run: ({ desk, id, query: { which = 'both' } }) => desk.resendBatch(id, which),
  }),
  nodes: gives(listOf(ref('NodeSummary')), ({ desk }) => desk.nodes()),
  targets: defineOperation({
    query: {},
    body: {
      schema: whole({ targets: listOf(TEXT) }),
      summary: 'Names of nodes, globs, @groups, labels',
      isSubmission: false,
    },
    answer: json('TargetAnswer'),
    run: ({ desk, body }) => desk.targets(readTargets(readJson(body))),
  }),
  groups: gives('Groups', ({ desk }) => desk.groups()),
  queues: gives(listOf(ref('QueueSummary')), ({ desk }) => desk.queues()),
  processes: gives(listOf(ref('ProcessSummary')), ({ desk }) => desk.processes()),
  methods: gives(listOf(ref('MethodDescription')), ({ desk }) => desk.methods()),
  errors: defineOperation({
    query: { limit: LAST, node: text('Name of a node') },
    answer: json(listOf(ref('ErrorLine'))),
    run: ({ desk, query }) => desk.errors(query),
  }),
  audit: defineOperation({
    query: {
      limit: LAST,
      node: text('Name of a node'),
      method: text('Name of a method'),
      state: choice('State', REQUEST_STATES),
      since: time('Ended at or after this time'),
      text: text('A text that the entry holds somewhere'),
    },
    answer: json(listOf(ref('AuditEntry'))),
    run: ({ desk, query }) => desk.audit(query),
  }),
  events: defineOperation({
    query: {
      type: many(choice('Type of event', EVENT_TYPES)),
      batch: text('Id of a batch'),
      id: text('Id of a request'),
      node: many(text('Name of a node')),
    },
    answer: { kind: 'events' },
    run: ({ query: { type, ...filter } }): EventFilter => ({ ...filter, types: type }),
  }),
  openapi: defineOperation({ query: {}, answer: { kind: 'description' }, run: () => undefined }),
};

function json(schema: SchemaName | Schema) {
  return { kind: 'json', schema: typeof schema === 'string' ? ref(schema) : schema } as const;
}

/** An operation without a query that answers with JSON. */
function gives(
  schema: SchemaName | Schema,
  run: (call: OperationCall<object>) => Promise<unknown>,
  more: { mayMiss?: boolean } = {},
): Operation {
  return defineOperation({ query: {}, answer: json(schema), run, ...more });
}

function submissionStatus({ accepted, refused }: SubmissionAnswer): number {
  const [first] = refused;
  if (first === undefined) return 200;
  if (accepted.length > 0) return 207;
  if (first.index !== null) return 422;
  const { reason, field } = first;
  throw new RefusedError({ status: 400, reason, field: field ?? undefined });
}
