import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { formatOf } from '../../message/codec/body-format.ts';
import { decodeMessage } from '../../message/codec/decode-message.ts';
import type { Message } from '../../message/message.ts';
import { listBytes, messageBytes } from '../../message/message-bytes.ts';
import type { JournalDeps, JournalOptions } from '../journal-deps.ts';
import { type JournalRow, type StoredRow, toRow } from '../journal-table.ts';

/** Less than this is not worth reading a message again, bytes. */
const LEAST_BYTES = 4096;
/** What is left of a body once it is decoded. */
const NO_BODY = new Uint8Array(0);
const PLAIN = { enumerable: true, configurable: true, writable: true };
const LARGE_FIELDS = ['data', 'methodArgs', 'replyMethodArgs', 'toNodes', 'previousMessage'] as const;

interface RunMessagesDeps extends Pick<JournalDeps, 'store' | 'clock' | 'logger'> {
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
}

/** The messages of requests that run: as a run may take days, and many go on at once, they stay on disk meanwhile. */
export class RunMessages {
  readonly #maxBytes: number;
  readonly #deps: RunMessagesDeps;

  constructor({ maxMessageBytes }: JournalOptions, deps: RunMessagesDeps) {
    this.#maxBytes = maxMessageBytes;
    this.#deps = deps;
  }

  /** Decodes the message of a request, and lets go of its bytes; undefined where it cannot be read. */
  take(row: JournalRow): Message | undefined {
    const { body } = row;
    row.body = NO_BODY;
    try {
      return decodeMessage(body, { ...formatOf(row.format), maxBytes: this.#maxBytes });
    } catch {
      return undefined;
    }
  }

  /**
   * Lets go of what is large in the message of a request that runs: of its data alone, or of all. Who asks for it gets it from the
   * disk, or null where it cannot be read; copies of the message come without its data.
   */
  shed(row: JournalRow, message: Message, what: 'data' | 'all'): void {
    row.body = NO_BODY;
    for (const field of what === 'all' ? LARGE_FIELDS : (['data'] as const)) {
      const held = Object.getOwnPropertyDescriptor(message, field)?.value;
      if (!held || (Array.isArray(held) ? listBytes(held) : messageBytes(held)) < LEAST_BYTES) continue;
      const get = () => this.#tryRead(row)?.[field] ?? null;
      Object.defineProperty(message, field, { get, enumerable: field !== 'data', configurable: true });
    }
  }

  /** Brings back what was let go of, but for the data, which replies do not quote: should the disk fail, when it does not. */
  async restore(row: JournalRow, message: Message): Promise<void> {
    const shed = LARGE_FIELDS.filter((field) => Object.getOwnPropertyDescriptor(message, field)?.get);
    const bringBack = async () => {
      const whole = shed.some((field) => field !== 'data') ? this.#read(row) : undefined;
      for (const field of shed) {
        const value = field === 'data' ? null : (whole?.[field] ?? null);
        Object.defineProperty(message, field, { value, ...PLAIN });
      }
    };
    await retryUntilStopped(bringBack, this.#deps).catch(() => {});
  }

  #tryRead(row: JournalRow): Message | undefined {
    try {
      return this.#read(row);
    } catch {
      return undefined;
    }
  }

  #read({ row }: JournalRow): Message | undefined {
    const stored = this.#deps.store.get<StoredRow>('SELECT * FROM journal WHERE row = ?', row);
    return stored && this.take(toRow(stored));
  }
}
