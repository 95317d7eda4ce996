const LINE_FEED = 10;

/** A line that never ends is cut here, so that it takes no more memory than this. */
const MAX_LINE_BYTES = 64 * 1024;

/** Makes lines of the pieces of a stream, whatever its bytes mean. */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** Takes a piece and returns the lines that it completes, without their line feeds. */
  push(data: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = data.indexOf(LINE_FEED); end >= 0; end = data.indexOf(LINE_FEED, start)) {
      lines.push(this.#join(data.subarray(start, end)));
      start = end + 1;
    }
    const rest = data.subarray(start);
    if (this.#restBytes + rest.length >= MAX_LINE_BYTES) lines.push(this.#join(rest));
    else if (rest.length > 0) {
      this.#rest.push(rest);
      this.#restBytes += rest.length;
    }
    return lines;
  }

  /** What came after the last line feed, as the last line; undefined where nothing did. */
  end(): Uint8Array | undefined {
    return this.#restBytes === 0 ? undefined : this.#join(new Uint8Array(0));
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#restBytes === 0) return last;
    const line = Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }
}
