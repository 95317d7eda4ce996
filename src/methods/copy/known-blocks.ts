import {
  BlockFinder,
  blockBytesFor,
  FINE_BLOCK_BYTES,
  MOST_BLOCKS,
  type Readable,
  type Run,
  SUM_BYTES,
} from './block-sums.ts';
import { findFine, fineBlocksOf, formatBlocks } from './fine-blocks.ts';
import type { BlockSums, SumsQuestion } from './piece-place.ts';

/** Below this size nothing is asked: the answers would take as long as the bytes. */
const LEAST_BYTES = 16 * 1024;
/** After as many stretches that were not there, none is named any more. */
const MOST_LACKING = 3;

/** How many blocks here and there are asked for at once. */
const MOST_FINE_BLOCKS = 2048;

/** What a target is asked for, beyond nothing. */
export interface BlockWants {
  /** Whether it is worth asking. */
  readonly isWanted: boolean;
  /** Whether it tells sums of small blocks too, where larger ones are not the same. */
  readonly isFine: boolean;
}

/**
 * What the target of a copy has already, as far as it tells: it is asked for the sums of its blocks, page by page, and then for those of
 * small blocks where these differ.
 */
export class KnownBlocks {
  readonly #blockBytes: number;
  readonly #pages: Uint8Array[] = [];
  /** How many sums came; undefined where none are wanted, or all are there. */
  #asked: number | undefined;
  #runs: readonly Run[] = [];
  /** The small blocks whose sums are asked for; undefined before it is known which. */
  #fine: readonly number[] | undefined;
  readonly #size: number;
  /** The size of what the target has, bytes. */
  #sizeThere = 0;
  #lacking = 0;
  /** Whether all sums are there, and were not looked at yet. */
  isComplete = false;

  /** `size`: that of the source. */
  constructor(size: number, { isWanted, isFine }: BlockWants) {
    this.#size = size;
    this.#fine = isFine ? undefined : [];
    this.#blockBytes = blockBytesFor(size, isFine);
    this.#asked = isWanted && size >= LEAST_BYTES ? 0 : undefined;
  }

  /** Whether nothing is to be sent until the target has answered. */
  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  /** What is to be asked, for an answer of about as many bytes; undefined where nothing is. */
  question(answerBytes: number): SumsQuestion | undefined {
    if (this.#asked === undefined) return undefined;
    const count = Math.max(1, Math.floor(answerBytes / SUM_BYTES));
    if (this.#isFineNext) {
      const at = this.#asked - MOST_BLOCKS;
      const blocks = this.#fine!.slice(at, at + Math.min(count, MOST_FINE_BLOCKS));
      const span = { from: this.#asked, count: blocks.length, more: FINE_BLOCK_BYTES.toString(16) };
      return { ...span, blocks: formatBlocks(blocks) };
    }
    return { from: this.#asked, count, more: this.#blockBytes.toString(16) };
  }

  /** Takes an answer; one without sums is of a node that tells none. */
  take(sums: BlockSums | undefined): void {
    if (this.#asked === undefined) return;
    if (sums && sums.span.from !== this.#asked) return;
    if (sums) this.#pages.push(sums.bytes);
    if (sums) this.#sizeThere = Number.parseInt(sums.span.more, 16);
    const blocks = sums ? Math.floor(this.#sizeThere / this.#blockBytes) : 0;
    const came = this.#asked + (sums ? Math.floor(sums.bytes.length / SUM_BYTES) : 0);
    const end = this.#isFineNext ? MOST_BLOCKS + this.#fine!.length : Math.min(blocks, MOST_BLOCKS);
    if (came > this.#asked && came < end) this.#asked = came;
    else {
      this.#asked = undefined;
      this.isComplete = came > 0;
    }
  }

  /** Looks where the source has the same, from a position on. Throws what reading it throws. */
  async find(source: Readable, start: number, signal: AbortSignal): Promise<void> {
    this.isComplete = false;
    const sums = Buffer.concat(this.#pages.splice(0));
    if (this.#isFineNext) {
      const blocks = this.#fine!;
      this.#runs = await findFine(source, { runs: this.#runs, size: this.#size, sums, blocks }, signal);
      return;
    }
    this.#runs = await new BlockFinder(sums, this.#blockBytes).find(source, start, signal);
    this.#fine ??= fineBlocksOf(this.#runs, { source: this.#size, there: this.#sizeThere });
    if (this.#fine.length > 0) this.#asked = MOST_BLOCKS;
  }

  /** Whether the sums of small blocks are asked for: they count from where no others do. */
  get #isFineNext(): boolean {
    return this.#fine !== undefined && this.#fine.length > 0;
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
