/** Why something could not begin to listen. */
export type ListenErrorCode = 'path-too-long' | 'in-use' | 'not-a-socket' | 'unavailable' | 'bad-token';

/** A listener could not start; the message names its address and what to do. */
export class ListenError extends Error {
  override name = 'ListenError';
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
