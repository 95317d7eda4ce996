import { CodedError } from '../lib/coded-error.ts';

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
export class SecurityError extends CodedError<SecurityErrorCode> {
  override name = 'SecurityError';
}

/** What a file is reported as that cannot be read. */
export const UNREADABLE = { as: SecurityError, code: 'unreadable-file' } as const;
