/** Why a node did not do what it was asked. */
export type ApiErrorCode =
  /** No node answers at that place. */
  | 'unreachable'
  | 'not-found'
  /** What was asked is wrong; the message is the node's own sentence. */
  | 'bad-request'
  /** The token is missing or wrong, or the caller may not use the socket. */
  | 'unauthorized'
  /** Too much at once, or the node is stopping: try again later. */
  | 'busy'
  /** The connection broke in the middle, or the node has a fault. */
  | 'broken';

/** A call to a node failed; the message is a sentence for people. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: ApiErrorCode;
  /** The option or part of the body that is wrong, where the node named one. */
  readonly field: string | undefined;

  constructor(code: ApiErrorCode, message: string, options: ErrorOptions & { field?: string } = {}) {
    super(message, options);
    this.code = code;
    this.field = options.field;
  }
}
