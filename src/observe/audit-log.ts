import { CodedError } from '../lib/coded-error.ts';
import { systemFault } from '../lib/system-fault.ts';
import { toJson } from '../lib/visible.ts';
import { openRotatingFile, type RotatingFile, type RotatingFileOptions } from './rotating-file.ts';

/** The end of one message, as the audit log keeps it; times in unix milliseconds, written as ISO 8601. */
export interface AuditEntry {
  readonly id: string;
  readonly batch?: string;
  /** Who submitted it; absent for a message of the node's own. */
  readonly by?: string;
  /** Who forgot its node, where it ended by that. */
  readonly endedBy?: string;
  readonly state: string;
  readonly reason?: string;
  readonly queuedAt: number;
  readonly sentAt?: number;
  readonly acceptedAt?: number;
  readonly startedAt?: number;
  readonly endedAt: number;
  /** The same moments by the clock of the node that ran it. */
  readonly there?: { readonly acceptedAt?: number; readonly startedAt?: number; readonly endedAt?: number };
  readonly attempts: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly message: Record<string, unknown>;
}

/** Opens the audit log; throws AuditLogError when its file cannot be had. */
export async function openAuditLog(options: RotatingFileOptions): Promise<AuditLog> {
  try {
    return new AuditLog(options.path, await openRotatingFile(options));
  } catch (error) {
    throw writeFailed(options.path, error);
  }
}

interface Waiting {
  readonly lines: string;
  resolve(): void;
  reject(error: Error): void;
}

/** The file with a line of JSON for every message that ended. */
export class AuditLog implements AsyncDisposable {
  readonly #path: string;
  readonly #file: RotatingFile;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(path: string, file: RotatingFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Writes the entries, all or none of them; resolves when they are in the file (not yet forced to the disk).
   * Throws AuditLogError when they could not be written; a later append may succeed.
   */
  async append(entries: readonly AuditEntry[]): Promise<void> {
    if (this.#closed) throw new AuditLogError('closed', `the audit log ${this.#path} is closed`);
    if (entries.length === 0) return;
    const lines = entries.map(auditLine).join('');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ lines, resolve, reject });
    this.#writing ??= this.#write();
    await promise;
  }

  /** Finishes what was appended and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#file.close();
  }

  /** Writes until nothing waits; what comes during a write shares the next one. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        let text = '';
        for (const { lines } of batch) text += lines;
        await this.#file.append(Buffer.from(text));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(writeFailed(this.#path, error));
      }
    }
    this.#writing = undefined;
  }
}

function auditLine(entry: AuditEntry): string {
  return `${toJson({
    id: entry.id,
    batch: entry.batch,
    by: entry.by,
    state: entry.state,
    reason: entry.reason,
    endedBy: entry.endedBy,
    queuedAt: isoTime(entry.queuedAt),
    sentAt: isoTime(entry.sentAt),
    acceptedAt: isoTime(entry.acceptedAt),
    startedAt: isoTime(entry.startedAt),
    endedAt: isoTime(entry.endedAt),
    there: entry.there && {
      acceptedAt: isoTime(entry.there.acceptedAt),
      startedAt: isoTime(entry.there.startedAt),
      endedAt: isoTime(entry.there.endedAt),
    },
    attempts: entry.attempts,
    exitCode: entry.exitCode,
    signal: entry.signal,
    message: entry.message,
  })}\n`;
}

/** The texts of times, of which an entry has several and many entries the same: making them is most of their cost. */
const timeTexts = new Map<number, string>();
const MOST_TIMES = 32;

function isoTime(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const known = timeTexts.get(ms);
  if (known !== undefined) return known;
  const text = new Date(ms).toISOString();
  if (timeTexts.size >= MOST_TIMES) timeTexts.clear();
  timeTexts.set(ms, text);
  return text;
}

function writeFailed(path: string, cause: unknown): AuditLogError {
  const reason = `cannot write the audit log ${path}: ${systemFault(cause)}`;
  return new AuditLogError('write-failed', reason, { cause });
}

/** Why the audit log did not take entries. */
type AuditLogErrorCode = 'write-failed' | 'closed';

/** Entries were not written to the audit log; the cause says why. */
class AuditLogError extends CodedError<AuditLogErrorCode> {
  override name = 'AuditLogError';
}
