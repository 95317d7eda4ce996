import { CodedError } from '../lib/coded-error.ts';

/** Why the audit log did not take entries. */
export type AuditLogErrorCode = 'write-failed' | 'closed';

/** Entries were not written to the audit log; the cause says why. */
export class AuditLogError extends CodedError<AuditLogErrorCode> {
  override name = 'AuditLogError';
}
