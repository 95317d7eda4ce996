/** Puts the pieces of one message together; they come in order, or the sender is told to begin again. */
export class PartAssembly {
  readonly #maxBytes: number;
  #seq = 0;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  clear(): void {
    this.#seq = 0;
    this.#pieces = [];
    this.#bytes = 0;
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
    }
    if (piece.index !== this.#pieces.length + 1) return 'gap';
    this.#bytes += piece.bytes.length;
    if (this.#bytes > this.#maxBytes) {
      this.clear();
      return 'too-large';
    }
    this.#pieces.push(piece.bytes);
    if (piece.index < piece.total) return 'more';
    const whole = Buffer.concat(this.#pieces);
    this.clear();
    return whole;
  }
}
