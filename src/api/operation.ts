import type { ApiDesk } from './desk.ts';
import type { Parameters, QueryOf } from './parameters.ts';
import type { Schema } from './schema.ts';

/** What a request to the API came with. */
export interface OperationCall<Q> {
  readonly desk: ApiDesk;
  /** The `{id}` of the path; '' where it has none. */
  readonly id: string;
  readonly query: Q;
  /** The body as it came; empty where none is read. */
  readonly body: Uint8Array;
}

/** What the body of a request must be. */
export interface BodySpec {
  readonly schema: Schema;
  readonly summary: string;
  /** Whether it is messages: as large as a submission, and YAML too. Else it is JSON and small. */
  readonly isSubmission: boolean;
}

/** How an operation answers: JSON of a schema, bytes, nothing (204), events, or the API's own description. */
export type AnswerSpec =
  | { readonly kind: 'json'; readonly schema: Schema; readonly statuses?: Readonly<Record<number, string>> }
  | { readonly kind: 'bytes' | 'nothing' | 'events' | 'description' };

/** What one route takes, does and gives; server and OpenAPI document are made from it. */
export interface OperationSpec<P extends Parameters> {
  readonly query: P;
  readonly body?: BodySpec;
  readonly answer: AnswerSpec;
  /** Whether it may answer 404, because its id is unknown. */
  readonly mayMiss?: boolean;
  /** Does it. What events are asked for is its result where it answers with events. */
  run(call: OperationCall<QueryOf<P>>): Promise<unknown> | unknown;
  /** The status of an answer; 200 unless told. Throws RefusedError for an answer that is a refusal. */
  statusOf?(answer: unknown): number;
}

export type Operation = OperationSpec<Parameters>;

/** Gives the query of an operation its exact types; has no effect. */
export function defineOperation<const P extends Parameters>(spec: OperationSpec<P>): Operation {
  return spec as unknown as Operation;
}
