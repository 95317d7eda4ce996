const FIRST_BLOCK_BYTES = 4096;
const LARGEST_BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Gathers pieces of bytes into one, without growing by copying what it holds.
 *
 * Pieces are copied into blocks, so that a million pieces of one byte take a megabyte and not a million buffers.
 */
export class ByteCollector {
  #full: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    let rest = bytes;
    this.#length += bytes.length;
    while (rest.length > 0) {
      if (this.#used === this.#block.length) this.#nextBlock(rest.length);
      const part = rest.subarray(0, this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      rest = rest.subarray(part.length);
    }
  }

  /** A copy of what was gathered from a place on. */
  from(offset: number): Uint8Array {
    const copy = new Uint8Array(this.#length - offset);
    let end = this.#length;
    for (const block of [this.#block.subarray(0, this.#used), ...this.#full.toReversed()]) {
      const start = end - block.length;
      copy.set(block.subarray(Math.max(0, offset - start)), Math.max(0, start - offset));
      if (start <= offset) break;
      end = start;
    }
    return copy;
  }

  /** Hands out all that was gathered and begins anew. */
  take(): Uint8Array {
    const last = this.#block.subarray(0, this.#used);
    const all = this.#full.length === 0 ? last : Buffer.concat([...this.#full, last], this.#length);
    this.clear();
    return all;
  }

  /** Lets go of all that was gathered. */
  clear(): void {
    this.#full = [];
    this.#block = new Uint8Array(0);
    this.#used = 0;
    this.#length = 0;
  }

  #nextBlock(needed: number): void {
    if (this.#used > 0) this.#full.push(this.#block);
    const wanted = Math.max(FIRST_BLOCK_BYTES, needed, this.#length - needed);
    this.#block = new Uint8Array(Math.min(wanted, LARGEST_BLOCK_BYTES));
    this.#used = 0;
  }
}
