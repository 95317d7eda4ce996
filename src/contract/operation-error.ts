/**
 * `not-found`: no such thing is remembered. `bad-request`: the caller's mistake. `busy`: try again later. `forbidden`: the
 * caller may not.
 */
export type OperationErrorCode = 'not-found' | 'bad-request' | 'busy' | 'forbidden' | 'unauthorized';

/** An operation refuses, with a sentence for its caller; `field` names the option that is wrong, where it is one. */
export class OperationError extends Error {
  override name = 'OperationError';
  readonly code: OperationErrorCode;
  readonly field: string | undefined;

  constructor(code: OperationErrorCode, message: string, options: ErrorOptions & { field?: string } = {}) {
    super(message, options);
    this.code = code;
    this.field = options.field;
  }
}

/** The refusal where nothing of an id is remembered. */
export function notFound(what: 'request' | 'batch' | 'session' | 'passkey', text: string): OperationError {
  const reason = `no ${what} with the id ${JSON.stringify(text.slice(0, 80))} is remembered by this node`;
  return new OperationError('not-found', reason);
}
