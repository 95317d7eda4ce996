import type { Clock } from '../../lib/clock.ts';
import { type Statement, statement } from '../../store/statement.ts';
import type { Store } from '../../store/store.ts';

interface KeptPartsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: { warn(fields: object, text: string): void };
}

/** Which message of a lane the parts belong to, and which encoding of it. */
export interface Whole {
  readonly seq: number;
  /** Its size and sum, as its parts say. */
  readonly whole: string;
}

/** What came is written down this often: a restart costs no more than that of a thin link, ms. */
const SAVE_MS = 2000;
/** How long parts are kept that nobody goes on with, ms. */
const KEEP_MS = 7 * 86_400_000;

/** The parts of one lane's unfinished message on disk, so that a restart does not cost what has come already. */
export class KeptParts {
  readonly #lane: readonly [epoch: string, subject: string];
  readonly #of: { readonly fromNode: string };
  readonly #deps: KeptPartsDeps;
  /** Up to where the message is on disk, bytes, and when that was so. */
  #saved = 0;
  #savedAt = 0;

  constructor(
    lane: { readonly epoch: string; readonly subject: string; readonly fromNode: string },
    deps: KeptPartsDeps,
  ) {
    this.#lane = [lane.epoch, lane.subject];
    this.#of = lane;
    this.#deps = deps;
  }

  /** Who sends in the lane; '' where that is not known yet. */
  get sender(): string {
    return this.#of.fromNode;
  }

  /** Reads what is there of a message; nothing where none of it is. */
  begin({ seq, whole }: Whole): Uint8Array[] {
    const rows = this.#deps.store.all<{ offset: number; bytes: Uint8Array }>(
      'SELECT offset, bytes FROM arriving WHERE epoch = ? AND subject = ? AND seq = ? AND whole = ? ORDER BY offset',
      ...[...this.#lane, seq, whole],
    );
    this.#saved = 0;
    this.#savedAt = this.#deps.clock.steadyNow();
    const parts: Uint8Array[] = [];
    for (const { offset, bytes } of rows) {
      if (offset !== this.#saved) break;
      parts.push(bytes);
      this.#saved += bytes.length;
    }
    return parts;
  }

  /** Writes down what is new of a message, unless that was done a moment ago. */
  keep({ seq, whole }: Whole, length: number, from: (offset: number) => Uint8Array): void {
    const { clock } = this.#deps;
    if (clock.steadyNow() - this.#savedAt < SAVE_MS || length === this.#saved) return;
    const row = [...this.#lane, seq, this.#saved, whole, clock.wallNow(), from(this.#saved)] as const;
    this.#saved = length;
    this.#savedAt = clock.steadyNow();
    this.#write(
      statement(
        'INSERT OR REPLACE INTO arriving (epoch, subject, seq, offset, whole, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...row,
      ),
    );
  }

  /** Forgets the message: it is there as a whole, or will not be. */
  forget(): void {
    if (this.#saved === 0) return;
    this.#saved = 0;
    this.#write(statement('DELETE FROM arriving WHERE epoch = ? AND subject = ?', ...this.#lane));
  }

  #write(change: Statement): void {
    this.#deps.store
      .write([change])
      .catch((error) =>
        this.#deps.logger.warn({ err: error }, 'parts of a message could not be written down'),
      );
  }
}

/** Statements that delete parts that nobody went on with for long, and whatever is above `maxBytes` of the rest. */
export function forgetOldParts(now: number, maxBytes: number): Statement[] {
  return [
    statement('DELETE FROM arriving WHERE at < ?', now - KEEP_MS),
    statement('DELETE FROM arriving WHERE (SELECT sum(length(bytes)) FROM arriving) > ?', maxBytes),
  ];
}
