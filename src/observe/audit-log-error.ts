/** Why the audit log did not take entries. */
export type AuditLogErrorCode = 'write-failed' | 'closed';

/** Entries were not written to the audit log; the cause says why. */
export class AuditLogError extends Error {
  override name = 'AuditLogError';
  readonly code: AuditLogErrorCode;

  constructor(code: AuditLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
