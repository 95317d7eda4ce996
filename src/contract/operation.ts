import type { Schema } from './schema.ts';

/** What one operation of the API takes, does and answers: a row of the contract. */
export interface OperationRow {
  /** Method and path, where `{id}` stands for what it is about. */
  readonly does: `${'GET' | 'POST' | 'PUT'} /${string}`;
  readonly summary: string;
  /** An object with a property for each value that the query may have. */
  readonly query?: Schema;
  /** What the body must be: JSON of at most 1 MB, but for a submission. */
  readonly body?: Schema;
  /** Whether the body is messages: JSON or YAML of any size, answered with 200, 207 or 422. */
  readonly isSubmission?: true;
  /** Whether it only asks, though its method is not GET. */
  readonly isQuestion?: true;
  /** Whether it may take minutes, since it stores as much as was asked for. */
  readonly isSlow?: true;
  /** JSON of a schema, bytes, or events as they come; without it the answer is 204. */
  readonly answer?: Schema | 'bytes' | 'events';
}

/** What a client must know of an operation. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly body?: 'json' | 'messages';
  readonly answer: 'json' | 'bytes' | 'events' | 'nothing';
  readonly isSlow?: true;
}

/** The row as a client needs it, without its schemas. */
export function routeOf({ does, body, isSubmission, isSlow, answer }: OperationRow): Route {
  const [method = '', path = ''] = does.split(' ');
  return {
    method,
    path,
    ...(body === undefined ? {} : { body: isSubmission ? 'messages' : 'json' }),
    answer: answer === undefined ? 'nothing' : typeof answer === 'string' ? answer : 'json',
    ...(isSlow ? { isSlow } : {}),
  };
}
