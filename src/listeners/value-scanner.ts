const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Finds where one top-level JSON list or object ends in bytes that arrive piece by piece.
 *
 * It only counts brackets outside strings, each byte once, and does not judge what is between them: the
 * reader of the value does. The first byte given must be the opening bracket.
 */
export class ValueScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** How many brackets are open: 0 before the value and after its end. */
  get depth(): number {
    return this.#depth;
  }

  /** Reads `bytes` from `start` on; answers with the index behind the value's last byte, or -1 when it goes on. */
  scan(bytes: Uint8Array, start = 0): number {
    let at = start;
    while (at < bytes.length) {
      at = this.#inString ? this.#skipString(bytes, at) : this.#skipStructure(bytes, at);
      if (this.#depth === 0) return at;
    }
    return -1;
  }

  /** Reads up to the string's closing quote and answers with the index behind it. */
  #skipString(bytes: Uint8Array, start: number): number {
    let at = start;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      if (byte === BACKSLASH && ++at === bytes.length) this.#escaped = true;
    }
    return at;
  }

  /** Reads up to an opening quote or the last closing bracket and answers with the index behind it. */
  #skipStructure(bytes: Uint8Array, start: number): number {
    let depth = this.#depth;
    let at = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#inString = true;
        at++;
        break;
      }
      // Setting bit 5 makes [ of { and ] of }, and no other byte becomes one of them.
      const folded = byte | 0x20;
      if (folded === 0x7b) depth++;
      else if (folded === 0x7d && --depth === 0) {
        at++;
        break;
      }
    }
    this.#depth = depth;
    return at;
  }
}
