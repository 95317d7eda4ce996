/**
 * The memory that the unfinished messages of all lanes share. When it is full, the one that has waited longest for
 * its next piece gives way: its sender is told to begin again.
 */
export class PartMemory {
  readonly #maxBytes: number;
  /** Longest waiting first. */
  readonly #held = new Map<PartAssembly, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Notes that an assembly holds more. */
  take(assembly: PartAssembly, bytes: number): void {
    const held = this.#held.get(assembly) ?? 0;
    this.#held.delete(assembly);
    this.#held.set(assembly, held + bytes);
    this.#bytes += bytes;
    for (const longest of this.#held.keys()) {
      if (this.#bytes <= this.#maxBytes || longest === assembly) return;
      longest.clear();
    }
  }

  /** Notes that an assembly holds nothing any more. */
  free(assembly: PartAssembly): void {
    this.#bytes -= this.#held.get(assembly) ?? 0;
    this.#held.delete(assembly);
  }
}

/** Puts the pieces of one message together; they come in order, or the sender is told to begin again. */
export class PartAssembly {
  readonly #maxBytes: number;
  readonly #memory: PartMemory;
  #seq = 0;
  #total = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number, memory: PartMemory) {
    this.#maxBytes = maxBytes;
    this.#memory = memory;
  }

  clear(): void {
    this.#seq = 0;
    this.#total = 0;
    this.#pieces = [];
    this.#bytes = 0;
    this.#memory.free(this);
  }

  /**
   * Adds piece `index` (from 1) of `total`. The answer is the whole message with its last piece, 'more' before
   * that, 'gap' where a piece is missing, and 'too-large' above the limit.
   */
  add(
    seq: number,
    piece: { index: number; total: number; bytes: Uint8Array },
  ): Uint8Array | 'more' | 'gap' | 'too-large' {
    if (seq !== this.#seq || piece.index === 1) {
      this.clear();
      this.#seq = seq;
      this.#total = piece.total;
    }
    if (piece.index !== this.#pieces.length + 1 || piece.total !== this.#total) return 'gap';
    this.#bytes += piece.bytes.length;
    if (this.#bytes > this.#maxBytes) {
      this.clear();
      return 'too-large';
    }
    this.#pieces.push(piece.bytes);
    this.#memory.take(this, piece.bytes.length);
    if (piece.index < piece.total) return 'more';
    const whole = Buffer.concat(this.#pieces);
    this.clear();
    return whole;
  }
}
