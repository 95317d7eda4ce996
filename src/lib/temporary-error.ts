import { errorCode } from './system-fault.ts';

/**
 * Codes of faults that pass by themselves or once an operator has made room: of the system, of the database
 * (`store/store-error.ts`) and of the audit log, without which nothing is to end.
 */
const PASSING_CODES = new Set([
  ...[
    'ENOSPC',
    'EDQUOT',
    'EMFILE',
    'ENFILE',
    'ENOMEM',
    'EAGAIN',
    'EBUSY',
    'EROFS',
    'EIO',
    'ENOBUFS',
    'ENOLCK',
    ...['ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ENODEV'],
  ],
  ...['full', 'locked', 'io', 'memory', 'read-only', 'replaced', 'write-failed'],
]);
/** How far a chain of causes is followed; one that runs in a circle ends there too. */
const MAX_CAUSES = 8;

/** A fault that may pass by itself (a full disk, too few file handles): the work is to be tried again later. */
export class TemporaryError extends Error {
  override name = 'TemporaryError';
}

/** Whether a fault, or what caused it, may pass: the one place where that is decided. */
export function isTemporary(error: unknown): boolean {
  let one = error as { code?: unknown; cause?: unknown } | null | undefined;
  for (let depth = 0; depth < MAX_CAUSES && one; depth++) {
    if (one instanceof TemporaryError) return true;
    if (PASSING_CODES.has(errorCode(one) ?? '')) return true;
    one = one.cause as typeof one;
  }
  return false;
}
