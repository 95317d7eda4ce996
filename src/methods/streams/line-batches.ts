import type { ByteBudget } from '../../lib/byte-budget.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';

const NEWLINE = 10;
/** What is gathered at most: usually, and where the memory for outputs is taken, bytes. */
const [MAX_BYTES, SHORT_BYTES] = [256 * 1024, 8 * 1024];
const DELAY_MS = 100;
const FIRST_DELAY_MS = 10;

export interface LineBatchesDeps {
  /** Takes a batch for good; the next one comes when this has resolved. */
  send(data: Uint8Array): Promise<void>;
  /** The machine's unless told. */
  readonly clock?: Clock;
  /** The memory that all outputs share; no limit unless given. */
  readonly outputs?: ByteBudget | undefined;
}

/**
 * Gathers output into few large batches of whole lines without keeping the first line waiting.
 *
 * A batch goes out 10 ms after its first line where there was none in the last 100 ms, 100 ms after it in a burst, and
 * at once when 256 KB have come. A line that is longer than that goes out in several batches. What comes while nobody
 * takes batches makes `write` wait, so that never much more than 512 KB are held, and 8 KB where other outputs hold all there is for them.
 */
export class LineBatches implements Disposable {
  readonly #send: LineBatchesDeps['send'];
  #outputs: ByteBudget | undefined;
  #heldBytes = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** How many of these bytes are whole lines. */
  #wholeBytes = 0;
  readonly #clock: Clock;
  #cancelTimer: (() => void) | undefined;
  #sending: Promise<void> = Promise.resolve();
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor({ send, clock = systemClock, outputs }: LineBatchesDeps) {
    this.#send = send;
    this.#outputs = outputs;
    this.#clock = clock;
  }

  /** Takes a piece of output; resolves when there is room for the next. Rejects when a batch could not be sent. */
  async write(piece: Uint8Array): Promise<void> {
    this.#add(piece);
    while (this.#bytes >= this.#most) await this.#flush();
    if (this.#wholeBytes > 0)
      this.#cancelTimer ??= this.#clock.after(this.#delay, () => void this.#flush().catch(() => {}));
  }

  /** Ends a line that has begun, so that what comes next is not taken for a part of it. */
  async breakLine(): Promise<void> {
    if (this.#bytes > this.#wholeBytes) await this.write(Uint8Array.of(NEWLINE));
  }

  /** Waits until what was sent is taken, and returns the rest, a last line without its end included. */
  async end(): Promise<Uint8Array> {
    this.#cancelTimer?.();
    await this.#sending;
    return this.#take(this.#bytes);
  }

  /** Gives back what it holds of the memory for outputs, however it ended. */
  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#hold(0);
    this.#outputs = undefined;
  }

  get #most(): number {
    return this.#heldBytes < this.#bytes ? SHORT_BYTES : MAX_BYTES;
  }

  /** Holds so much of the memory for outputs, or what there is room for: none of what came last where that is too much. */
  #hold(bytes: number): void {
    const more = bytes - this.#heldBytes;
    if (more > 0 && this.#outputs?.hold(more) === false) return;
    if (more < 0) this.#outputs?.release(-more);
    this.#heldBytes = bytes;
  }

  get #delay(): number {
    return this.#clock.steadyNow() - this.#sentAt > DELAY_MS ? FIRST_DELAY_MS : DELAY_MS;
  }

  #add(piece: Uint8Array): void {
    const newline = piece.lastIndexOf(NEWLINE);
    if (newline >= 0) this.#wholeBytes = this.#bytes + newline + 1;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    this.#hold(this.#bytes);
  }

  #flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#sending = this.#sending.then(() => this.#sendOne());
    return this.#sending;
  }

  async #sendOne(): Promise<void> {
    const bytes = this.#wholeBytes > 0 ? this.#wholeBytes : this.#bytes >= this.#most ? this.#bytes : 0;
    if (bytes === 0) return;
    await this.#send(this.#take(bytes));
    this.#hold(this.#bytes);
    this.#sentAt = this.#clock.steadyNow();
  }

  #take(bytes: number): Uint8Array {
    const [first = Buffer.alloc(0)] = this.#pieces;
    const all = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first;
    const rest = all.subarray(bytes);
    this.#pieces = rest.length > 0 ? [Buffer.from(rest)] : [];
    this.#bytes = rest.length;
    this.#wholeBytes = 0;
    return all.subarray(0, bytes);
  }
}
