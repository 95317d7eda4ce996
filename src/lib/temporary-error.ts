const TEMPORARY_CODES = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EBUSY',
  'EROFS',
  'EIO',
]);

/** A fault that may pass by itself (a full disk, too few file handles): the work is to be tried again later. */
export class TemporaryError extends Error {
  override name = 'TemporaryError';
}

/** Whether a system error may pass by itself. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof TemporaryError) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && TEMPORARY_CODES.has(code);
}
