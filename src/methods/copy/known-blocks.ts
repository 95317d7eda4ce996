import { BlockFinder, blockBytesFor, MOST_BLOCKS, type Readable, type Run, SUM_BYTES } from './block-sums.ts';
import type { BlockSums, Span } from './piece-place.ts';

/** Below this size nothing is asked: the answers would take as long as the bytes. */
const LEAST_BYTES = 16 * 1024;
/** After as many stretches that were not there, none is named any more. */
const MOST_LACKING = 3;

/** What the target of a copy has already, as far as it tells: it is asked for the sums of its blocks, page by page. */
export class KnownBlocks {
  readonly #blockBytes: number;
  readonly #pages: Uint8Array[] = [];
  /** How many sums came; undefined where none are wanted, or all are there. */
  #asked: number | undefined;
  #runs: readonly Run[] = [];
  #lacking = 0;
  /** Whether all sums are there, and were not looked at yet. */
  isComplete = false;

  /** `size`: that of the source; `isWanted`: whether it is worth asking. */
  constructor(size: number, isWanted: boolean) {
    this.#blockBytes = blockBytesFor(size);
    this.#asked = isWanted && size >= LEAST_BYTES ? 0 : undefined;
  }

  /** Whether nothing is to be sent until the target has answered. */
  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  /** What is to be asked, for an answer of about as many bytes; undefined where nothing is. */
  question(answerBytes: number): Span | undefined {
    if (this.#asked === undefined) return undefined;
    const count = Math.max(1, Math.floor(answerBytes / SUM_BYTES));
    return { from: this.#asked, count, more: this.#blockBytes.toString(16) };
  }

  /** Takes an answer; one without sums is of a node that tells none. */
  take(sums: BlockSums | undefined): void {
    if (this.#asked === undefined) return;
    if (sums && sums.span.from !== this.#asked) return;
    if (sums) this.#pages.push(sums.bytes);
    const blocks = sums ? Math.floor(Number.parseInt(sums.span.more, 16) / this.#blockBytes) : 0;
    const came = this.#asked + (sums ? Math.floor(sums.bytes.length / SUM_BYTES) : 0);
    if (came > this.#asked && came < Math.min(blocks, MOST_BLOCKS)) this.#asked = came;
    else {
      this.#asked = undefined;
      this.isComplete = came > 0;
    }
  }

  /** Looks where the source has the same, from a position on. Throws what reading it throws. */
  async find(source: Readable, start: number, signal: AbortSignal): Promise<void> {
    this.isComplete = false;
    const finder = new BlockFinder(Buffer.concat(this.#pages.splice(0)), this.#blockBytes);
    this.#runs = await finder.find(source, start, signal);
  }

  /** What is known to be there at a position, or behind it. */
  next(position: number): Run | undefined {
    return this.#runs.find(({ end }) => end > position);
  }

  /** What was taken to be there at a position is not. */
  lacks(position: number): void {
    this.#lacking++;
    const wrong = this.next(position);
    this.#runs = this.#lacking >= MOST_LACKING ? [] : this.#runs.filter((run) => run !== wrong);
  }
}
