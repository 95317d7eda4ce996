export type SecurityErrorCode =
  | 'bad-key'
  | 'encrypted-key'
  | 'key-exists'
  | 'unreadable-file'
  | 'bad-relay'
  | 'bad-name'
  | 'bad-token'
  | 'bad-state'
  | 'foreign-broker'
  | 'unreachable';

/** A fault of a key, a token or a certificate: a sentence that names it and the way out. */
export class SecurityError extends Error {
  override name = 'SecurityError';
  readonly code: SecurityErrorCode;

  constructor(code: SecurityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
