/** A piece of one stream of a request's output. */
export interface Piece {
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly data: Uint8Array;
}

/** How far the streams of one request were shown. */
export class OutputJoiner {
  readonly #next = { stdout: 0, stderr: 0 };

  /** The first byte of a stream that was not shown yet. */
  next(stream: Piece['stream']): number {
    return this.#next[stream];
  }

  /** Whether bytes are missing before a piece. */
  hasGapBefore({ stream, offset }: Piece): boolean {
    return offset > this.#next[stream];
  }

  /** What of a piece is new; a gap before it is passed over. */
  take({ stream, offset, data }: Piece): Uint8Array {
    const next = this.#next[stream];
    const end = offset + data.length;
    if (end <= next) return new Uint8Array(0);
    this.#next[stream] = end;
    return data.subarray(Math.max(0, next - offset));
  }
}
