import { errorCode } from '../lib/system-fault.ts';
import { damageAdvice, isDamaged } from './is-damaged.ts';

export type StoreErrorCode =
  | 'full'
  | 'read-only'
  | 'corrupt'
  | 'foreign'
  | 'locked'
  | 'io'
  | 'memory'
  | 'replaced'
  | 'failed';

/** A fault of the database file, with the file's name and the way out in its text. */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly code: StoreErrorCode;
  /** Whether what was to be written may be there after the next start all the same. */
  readonly isInDoubt: boolean;

  constructor(code: StoreErrorCode, message: string, options: ErrorOptions & { isInDoubt?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.isInDoubt = options.isInDoubt === true;
  }
}

const UNREAD = { code: 'io', text: 'could not be read: check the disk' } as const;

/** SQLite's primary result codes (sqlite3.h) that an operator can do something about. */
const CODES: Record<number, { code: StoreErrorCode; text: string }> = {
  5: { code: 'locked', text: 'is in use by another program: stop it first' },
  6: { code: 'locked', text: 'is in use by another part of this program' },
  7: { code: 'memory', text: 'could not be used, as no memory was left: give the node more of it' },
  8: { code: 'read-only', text: 'cannot be written: make the file and its folder writable for this user' },
  10: {
    code: 'io',
    text: 'could not be read or written: check the disk, its free space, and quota and file size limit of this user',
  },
  11: { code: 'corrupt', text: 'is damaged' },
  13: { code: 'full', text: 'cannot grow, the disk is full: free some space' },
  15: { code: 'locked', text: 'is in use by another program: stop it first' },
  14: { code: 'io', text: 'cannot be opened: check the folder and its permissions' },
  26: { code: 'foreign', text: 'is not a Steward database: move it away, or choose another databaseFolder' },
};

/** What of that a call of the system failed with. */
const SYSTEM_CODES: Readonly<Record<string, number>> = {
  EACCES: 8,
  EPERM: 8,
  EROFS: 8,
  ENOSPC: 13,
  EDQUOT: 13,
  EIO: 10,
};

/** Turns an error of SQLite, or of the system, into a StoreError about the file at `path`. */
export function asStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const { isReplaced, message } = error as { isReplaced?: unknown; message?: unknown };
  if (isReplaced === true) return new StoreError('replaced', String(message));
  const { errcode = SYSTEM_CODES[errorCode(error) ?? ''] } = error as { errcode?: unknown };
  const said = typeof errcode === 'number' ? CODES[errcode & 0xff] : undefined;
  const known = said?.code === 'corrupt' && !isDamaged(path) ? UNREAD : said;
  const detail = (error as { message?: unknown }).message ?? String(error);
  const options = { cause: error, isInDoubt: (error as { isInDoubt?: unknown }).isInDoubt === true };
  const advice = known?.code === 'corrupt' ? `: ${damageAdvice(path)}, and start again` : '';
  if (known)
    return new StoreError(known.code, `the database ${path} ${known.text}${advice} (${detail})`, options);
  return new StoreError('failed', `the database ${path} failed: ${detail}`, options);
}
