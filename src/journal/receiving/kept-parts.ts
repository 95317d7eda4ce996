import type { Clock } from '../../lib/clock.ts';
import { type Statement, type Store, statement } from '../../store/store.ts';

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

/** How long parts are kept that nobody goes on with, ms. */
const KEEP_MS = 7 * 86_400_000;

/** The parts of one lane's unfinished message on disk, so that they cost no memory, and a restart does not cost what has come already. */
export class KeptParts {
  readonly #lane: readonly [epoch: string, subject: string];
  readonly #of: { readonly fromNode: string };
  readonly #deps: KeptPartsDeps;
  #whole: Whole | undefined;
  /** Where each row begins, and its bytes until they are on disk. */
  readonly #rows = new Map<number, Uint8Array | undefined>();
  #length = 0;

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

  /** Up to where the message is here, bytes. */
  get length(): number {
    return this.#length;
  }

  /** Looks what is there of a message. */
  begin(whole: Whole): void {
    if (this.#whole?.seq === whole.seq && this.#whole.whole === whole.whole) return;
    this.#whole = whole;
    this.#rows.clear();
    this.#length = 0;
    const rows = this.#deps.store.all<{ offset: number; bytes: number }>(
      `SELECT offset, length(bytes) AS bytes FROM arriving
       WHERE epoch = ? AND subject = ? AND seq = ? AND whole = ? ORDER BY offset`,
      ...[...this.#lane, whole.seq, whole.whole],
    );
    for (const { offset, bytes } of rows) {
      if (offset !== this.#length) break;
      this.#rows.set(offset, undefined);
      this.#length += bytes;
    }
  }

  /**
   * Writes down what comes next of the message that was begun, and deletes what is above `maxBytes` of all messages. Answers
   * whether that is on disk.
   */
  async add(blocks: readonly Uint8Array[], maxBytes?: number): Promise<boolean> {
    const { store, clock, logger } = this.#deps;
    const { seq, whole } = this.#whole!;
    const now = clock.wallNow();
    const added: [offset: number, bytes: Uint8Array][] = [];
    for (const bytes of blocks) {
      added.push([this.#length, bytes]);
      this.#rows.set(this.#length, bytes);
      this.#length += bytes.length;
    }
    try {
      await store.write([
        ...added.map(([offset, bytes]) =>
          statement(
            'INSERT OR REPLACE INTO arriving (epoch, subject, seq, offset, whole, at, bytes, sender) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            ...[...this.#lane, seq, offset, whole, now, bytes, this.sender],
          ),
        ),
        ...(maxBytes === undefined ? [] : forgetOldParts(store, now, maxBytes)),
      ]);
    } catch (error) {
      logger.warn({ err: error }, 'parts of a message could not be written down');
      return false;
    }
    for (const [offset, bytes] of added)
      if (this.#rows.get(offset) === bytes) this.#rows.set(offset, undefined);
    return true;
  }

  /** Fills in what is here of the message. Throws StoreError. */
  read(into: Uint8Array): void {
    for (const [offset, waiting] of this.#rows) {
      const bytes = waiting ?? this.#rowAt(offset);
      into.set(bytes, offset);
      // All of them at once would take as much memory again.
      if (!waiting && bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length)
        bytes.buffer.transfer(0);
    }
  }

  /** Forgets the message: it is there as a whole, or will not be. */
  forget(): void {
    const isThere = this.#rows.size > 0;
    this.#whole = undefined;
    this.#rows.clear();
    this.#length = 0;
    if (!isThere) return;
    const { store, logger } = this.#deps;
    store
      .write([statement('DELETE FROM arriving WHERE epoch = ? AND subject = ?', ...this.#lane)])
      .catch((error) => logger.warn({ err: error }, 'parts of a message could not be deleted'));
  }

  #rowAt(offset: number): Uint8Array {
    const row = this.#deps.store.get<{ bytes: Uint8Array }>(
      'SELECT bytes FROM arriving WHERE epoch = ? AND subject = ? AND seq = ? AND offset = ? AND whole = ?',
      ...[...this.#lane, this.#whole!.seq, offset, this.#whole!.whole],
    );
    return row?.bytes ?? new Uint8Array(0);
  }
}

/**
 * Statements that delete parts that nobody went on with for long, and, as long as all are above `maxBytes`, of the sender that
 * has most the message that waited longest: whoever begins many drives out none of others.
 */
export function forgetOldParts(store: Pick<Store, 'all'>, now: number, maxBytes: number): Statement[] {
  const kept = store.all<{ epoch: string; subject: string; sender: string; bytes: number }>(
    `SELECT epoch, subject, sender, sum(length(bytes)) AS bytes FROM arriving
     GROUP BY epoch, subject ORDER BY max(at), epoch, subject`,
  );
  const senders = [...Map.groupBy(kept, ({ sender }) => sender).values()].map((messages) => ({
    newestFirst: messages.toReversed(),
    bytes: sumOf(messages),
  }));
  const gone: [epoch: string, subject: string][] = [];
  for (let total = sumOf(kept); total > maxBytes; ) {
    const most = senders.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    const { epoch, subject, bytes } = most.newestFirst.pop()!;
    gone.push([epoch, subject]);
    most.bytes -= bytes;
    total -= bytes;
  }
  return [
    statement('DELETE FROM arriving WHERE at < ?', now - KEEP_MS),
    ...(gone.length > 0 ? [{ sql: 'DELETE FROM arriving WHERE epoch = ? AND subject = ?', rows: gone }] : []),
  ];
}

function sumOf(messages: readonly { readonly bytes: number }[]): number {
  return messages.reduce((sum, { bytes }) => sum + bytes, 0);
}
