import { ACTIVITY_OPERATIONS } from './activity.ts';
import { DOCTOR_OPERATIONS } from './doctor.ts';
import { type ApiEvent, EVENT_OPERATIONS, type EventFilter } from './events.ts';
import { FILE_OPERATIONS } from './files.ts';
import { LINK_OPERATIONS } from './link.ts';
import { NODE_OPERATIONS } from './nodes.ts';
import type { OperationRow } from './operation.ts';
import { QUEUE_OPERATIONS } from './queues.ts';
import { REQUEST_OPERATIONS } from './requests.ts';
import { anyObject, type Schema } from './schema.ts';
import { SESSION_OPERATIONS } from './sessions.ts';
import { TRUST_OPERATIONS } from './trust.ts';
import { WAVE_OPERATIONS } from './waves.ts';

const { status, ...ofNodes } = NODE_OPERATIONS;

/**
 * Every operation of the API, by its name. The server, the OpenAPI document, the client, the fake for tests and the tables
 * in doc/api.md are made from it; the types below say what its functions take and return on both sides.
 */
export const CONTRACT = {
  status,
  ...REQUEST_OPERATIONS,
  ...WAVE_OPERATIONS,
  ...ACTIVITY_OPERATIONS,
  ...ofNodes,
  ...FILE_OPERATIONS,
  ...QUEUE_OPERATIONS,
  ...LINK_OPERATIONS,
  ...DOCTOR_OPERATIONS,
  ...TRUST_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...SESSION_OPERATIONS,
  openapi: { does: 'GET /openapi.json', summary: 'This description', answer: anyObject },
} as const satisfies Readonly<Record<string, OperationRow>>;

export type Contract = typeof CONTRACT;
export type OperationName = keyof Contract;
/** The operations that are called and answered once. */
export type CallName = Exclude<OperationName, 'events' | 'openapi'>;

export type IdOf<R> = R extends { readonly does: `${string}{id}${string}` } ? [id: string] : [];
export type QueryOf<R> = R extends { readonly query: Schema<infer Q> } ? Q : undefined;
export type AnswerOf<R> = R extends { readonly answer: infer A }
  ? Promise<A extends Schema<infer V> ? V : Uint8Array>
  : Promise<void>;

export type BodyOf<R> = R extends { readonly isSubmission: true }
  ? [text: Uint8Array]
  : R extends { readonly body: Schema<infer B> }
    ? [body: B]
    : [];
type ServedCall<R> = (
  ...asked: [
    ...IdOf<R>,
    ...BodyOf<R>,
    ...(QueryOf<R> extends undefined ? [] : [query: QueryOf<R>]),
    by?: string,
  ]
) => AnswerOf<R>;

/**
 * What a node knows and does for its operators, without any transport: id, body and query of an operation become its
 * arguments, as far as it has them, and behind them who asks, for the audit log. Each throws OperationError where it refuses, with the sentence to show; anything else
 * that it throws is a fault of the node. A submission is taken as it came: what is wrong with its messages is in the answer.
 */
export type Operations = { [N in CallName]: ServedCall<Contract[N]> } & {
  /**
   * Calls `listener` with what changes from now on, until the result is disposed. The first event, `hello`, comes
   * before this returns. A listener must not throw; one that cannot keep up is for its caller to dispose.
   */
  events(query: EventFilter, listener: (event: ApiEvent) => void): Disposable;
};
