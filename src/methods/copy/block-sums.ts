import { hash } from 'node:crypto';

/** What the target tells about a block: a sum that can be rolled on by a byte, and the beginning of its sha256; bytes. */
export const SUM_BYTES = 8;
const LEAST_BLOCK_BYTES = 1024;
/** Where blocks of that size are not the same, blocks of this one are compared. */
export const FINE_BLOCK_BYTES = 256;
const MOST_BLOCK_BYTES = 64 * 1024;
/** More blocks of a file than this are not looked at. */
export const MOST_BLOCKS = 128 * 1024;
const FILTER_BITS = 20;
/** So much may be summed up in vain for blocks that only seem to be there, bytes: at first, and for each byte of the file. */
const MOST_VAIN_BYTES = 32 * 1024 * 1024;
const VAIN_SHARE = 8;

/** Bytes of a file, as one that reads it hands them out: as many as there are, up to the size of `into`. */
export interface Readable {
  read(position: number, into: Uint8Array): Promise<Uint8Array>;
}

/** Bytes of the source, from `start` to `end`, that the target has already, from `from` on there. */
export interface Run {
  readonly start: number;
  readonly end: number;
  readonly from: number;
}

/**
 * The size of the blocks in which a file is compared, bytes: smaller ones find more, and their sums are more. Where finer ones
 * follow, these may be larger.
 */
export function blockBytesFor(size: number, isFineNext = false): number {
  const root = 2 ** Math.floor(Math.log2(Math.sqrt(Math.max(1, size))));
  return Math.min(MOST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, isFineNext ? 2 * root : root));
}

/** Whether blocks may have this size: a power of two. */
export function isBlockSize(bytes: number): boolean {
  return bytes >= FINE_BLOCK_BYTES && bytes <= MOST_BLOCK_BYTES && Number.isInteger(Math.log2(bytes));
}

/** The sum of a stretch, by which its target knows that it has the same: half of its sha256, as hexadecimal digits. */
export function stretchSum(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}

/** The sums of all whole blocks in some bytes. */
export function sumsOf(bytes: Uint8Array, blockBytes: number): Uint8Array {
  const blocks = Math.floor(bytes.length / blockBytes);
  const sums = Buffer.alloc(blocks * SUM_BYTES);
  for (let at = 0; at < blocks; at++) {
    const block = bytes.subarray(at * blockBytes, (at + 1) * blockBytes);
    sums.writeUInt32LE(new Rolling(block, 0, blockBytes).value, at * SUM_BYTES);
    sums.writeUInt32LE(strongSum(block), at * SUM_BYTES + 4);
  }
  return sums;
}

/** Finds blocks of one file in another one, at whatever position they are. */
export class BlockFinder {
  readonly #sums: Buffer;
  readonly #blockBytes: number;
  /** The first block of each weak sum, and bits that tell most sums that no block has. */
  readonly #first = new Map<number, number>();
  readonly #filter = new Uint8Array(2 ** FILTER_BITS);
  /** How much may still be summed up in vain: whoever tells sums that fit by half must not keep this node busy. */
  #vainLeft = MOST_VAIN_BYTES;
  /** Which block each sum is of; undefined where the sums are those of all blocks, in their order. */
  readonly #blocks: readonly number[] | undefined;
  /** The sum that was found last. */
  #last = Number.NaN;

  /** `sums` are those of all blocks, in their order, or of some, which `blocks` names. */
  constructor(sums: Uint8Array, blockBytes: number, blocks?: readonly number[]) {
    this.#blocks = blocks;
    this.#sums = Buffer.from(sums.buffer, sums.byteOffset, sums.byteLength);
    this.#blockBytes = blockBytes;
    for (let at = Math.floor(sums.length / SUM_BYTES) - 1; at >= 0; at--) {
      this.#first.set(this.#weakAt(at), at);
      this.#filter[filterPlace(this.#weakAt(at))] = 1;
    }
  }

  /** What of a file is among the blocks, from a position on, in order. Throws what reading throws. */
  async find(file: Readable, start: number, signal: AbortSignal): Promise<readonly Run[]> {
    const runs: Run[] = [];
    const buffer = Buffer.allocUnsafeSlow(4 * MOST_BLOCK_BYTES);
    let held = 0;
    for (let base = start; ; ) {
      signal.throwIfAborted();
      const { length } = await file.read(base + held, buffer.subarray(held));
      held += length;
      const done = this.#search(buffer.subarray(0, held), base, runs);
      if (length === 0 || held < this.#blockBytes || this.#vainLeft < 0) return runs;
      this.#vainLeft += VAIN_SHARE * done;
      buffer.copyWithin(0, done, held);
      base += done;
      held -= done;
    }
  }

  /** Searches as far as whole blocks reach; how far that was. */
  #search(bytes: Buffer, base: number, runs: Run[]): number {
    const size = this.#blockBytes;
    let at = 0;
    let rolling: Rolling | undefined;
    while (at + size <= bytes.length && this.#vainLeft >= 0) {
      rolling ??= new Rolling(bytes, at, size);
      const isNext = runs.at(-1)?.end === base + at;
      const sum = this.#sumAt(bytes, at, { weak: rolling.value, next: isNext ? this.#last + 1 : Number.NaN });
      if (sum === undefined) {
        if (at + size < bytes.length) rolling.roll(bytes[at]!, bytes[at + size]!);
        at++;
        continue;
      }
      this.#last = sum;
      addRun(runs, { start: base + at, end: base + at + size, from: (this.#blocks?.[sum] ?? sum) * size });
      at += size;
      rolling = undefined;
    }
    return at;
  }

  /** The sum of the block that begins there: the one behind the last, if it may be this. */
  #sumAt(bytes: Buffer, at: number, { weak, next }: { weak: number; next: number }): number | undefined {
    if (this.#filter[filterPlace(weak)] === 0) return undefined;
    const first = this.#first.get(weak);
    if (first === undefined) return undefined;
    const strong = strongSum(bytes.subarray(at, at + this.#blockBytes));
    if (this.#isSum(next, weak, strong)) return next;
    if (this.#isSum(first, weak, strong)) return first;
    this.#vainLeft -= this.#blockBytes;
    return undefined;
  }

  #isSum(sum: number, weak: number, strong: number): boolean {
    const at = sum * SUM_BYTES;
    if (!(at + SUM_BYTES <= this.#sums.length)) return false;
    return this.#weakAt(sum) === weak && this.#sums.readUInt32LE(at + 4) === strong;
  }

  #weakAt(sum: number): number {
    return this.#sums.readUInt32LE(sum * SUM_BYTES);
  }
}

/** Puts a run behind others, or makes the last one longer. */
export function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  const isBehind = last?.end === run.start && last.from + (last.end - last.start) === run.from;
  if (last && isBehind) runs[runs.length - 1] = { ...last, end: run.end };
  else runs.push(run);
}

/** The sum of the bytes in a window of a fixed size, and of all such sums from its beginning: it is rolled on by one byte in no time. */
class Rolling {
  readonly #size: number;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, start: number, size: number) {
    this.#size = size;
    for (let at = start; at < start + size; at++) {
      this.#low = (this.#low + bytes[at]!) | 0;
      this.#high = (this.#high + this.#low) | 0;
    }
  }

  get value(): number {
    return ((this.#high << 16) | (this.#low & 0xffff)) >>> 0;
  }

  roll(out: number, into: number): void {
    this.#low = (this.#low + into - out) | 0;
    this.#high = (this.#high + this.#low - Math.imul(this.#size, out)) | 0;
  }
}

function strongSum(block: Uint8Array): number {
  return hash('sha256', block, 'buffer').readUInt32LE(0);
}

function filterPlace(weak: number): number {
  return Math.imul(weak, 0x9e3779b1) >>> (32 - FILTER_BITS);
}
