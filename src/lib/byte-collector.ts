const FIRST_BLOCK_BYTES = 4096;
const LARGEST_BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Gathers pieces of bytes into one, without growing by copying what it holds.
 *
 * Pieces are copied into blocks, so that a million pieces of one byte take a megabyte and not a million buffers.
 */
export class ByteCollector {
  #full: Uint8Array<ArrayBuffer>[] = [];
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

  /** Hands out all that was gathered and begins anew. What it holds is in memory once, however much it is. */
  take(): Uint8Array {
    if (this.#full.length === 0) return this.takeBlocks()[0] ?? new Uint8Array(0);
    // Pages that nobody has written to yet take no memory: each is touched when a block is given back for it.
    const all = Buffer.allocUnsafeSlow(this.#length);
    this.takeInto(all, 0);
    return all;
  }

  /** Puts all that was gathered into `bytes`, from a place on, and begins anew. */
  takeInto(bytes: Uint8Array, offset: number): void {
    let at = offset;
    for (const block of this.takeBlocks()) {
      bytes.set(block, at);
      at += block.length;
      block.buffer.transfer(0);
    }
  }

  /** Hands out all that was gathered as it is, in blocks, and begins anew. */
  takeBlocks(): Uint8Array<ArrayBuffer>[] {
    const blocks = [...this.#full, this.#block.subarray(0, this.#used)].filter(({ length }) => length > 0);
    this.clear();
    return blocks;
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
