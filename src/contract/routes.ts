/**
 * Every operation: its method, its path and what it is for. The OpenAPI document, the server and the client are held
 * against this table.
 */
export const ROUTES = {
  status: { method: 'GET', path: '/v1/status', summary: 'The node itself, and counts of requests and nodes' },
  submit: {
    method: 'POST',
    path: '/v1/messages',
    summary: 'Submit messages: a list or one, JSON or YAML (query: batch, label, dryRun)',
  },
  requests: {
    method: 'GET',
    path: '/v1/requests',
    summary: 'Requests, newest first (query: node, method, state, batch, since, until, limit, cursor)',
  },
  request: { method: 'GET', path: '/v1/requests/{id}', summary: 'One request with its timeline and message' },
  output: {
    method: 'GET',
    path: '/v1/requests/{id}/output',
    summary: 'What is kept of its output, as bytes (query: stream, from)',
  },
  cancelRequest: { method: 'POST', path: '/v1/requests/{id}/cancel', summary: 'End a request' },
  resendRequest: {
    method: 'POST',
    path: '/v1/requests/{id}/resend',
    summary: 'Send a request again, as a new one',
  },
  batches: { method: 'GET', path: '/v1/batches', summary: 'Batches, newest first (query: limit, cursor)' },
  batch: { method: 'GET', path: '/v1/batches/{id}', summary: 'One batch with its counts' },
  planBatch: {
    method: 'PUT',
    path: '/v1/batches/{id}/plan',
    summary: 'Note what is needed to go on with a batch',
  },
  cancelBatch: {
    method: 'POST',
    path: '/v1/batches/{id}/cancel',
    summary: 'End all requests of a batch that have not ended',
  },
  resendBatch: {
    method: 'POST',
    path: '/v1/batches/{id}/resend',
    summary: 'Send again what failed or is missing (query: which = failed, missing or both)',
  },
  nodes: { method: 'GET', path: '/v1/nodes', summary: 'Nodes that are known, with presence and queue depth' },
  targets: {
    method: 'POST',
    path: '/v1/targets',
    summary: 'Who is meant by targets: {"targets": ["ship*", "@group"]}',
  },
  groups: { method: 'GET', path: '/v1/groups', summary: 'Groups of nodes, by name' },
  queues: { method: 'GET', path: '/v1/queues', summary: 'Queues of messages that wait to be delivered' },
  processes: { method: 'GET', path: '/v1/processes', summary: 'Processes of this node' },
  methods: { method: 'GET', path: '/v1/methods', summary: 'Methods with their arguments' },
  errors: {
    method: 'GET',
    path: '/v1/errors',
    summary: 'The last error lines that were collected here (query: limit, node)',
  },
  audit: {
    method: 'GET',
    path: '/v1/audit',
    summary: 'Entries of the audit log, newest first (query: limit, node, method, state, since, text)',
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    summary: 'What changes, as server-sent events (query: type, batch, id, node)',
  },
  openapi: { method: 'GET', path: '/openapi.json', summary: 'This description' },
} as const;

export type RouteName = keyof typeof ROUTES;

/** Why the API refuses: a mistake of the caller, a matter of access, or a fault of the node. */
export const FAULT_CODES = [
  'bad-request',
  'not-found',
  'no-such-path',
  'wrong-method',
  'wrong-type',
  'too-large',
  'too-slow',
  'unauthorized',
  'forbidden',
  'busy',
  'failed',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** What the API answers where it refuses: a sentence, and the field it is about where there is one. */
export interface ApiFault {
  readonly error: { readonly code: FaultCode; readonly message: string; readonly field?: string };
}
