import { ByteCollector } from '../lib/byte-collector.ts';
import { ValueScanner } from './value-scanner.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const LIST = 0x5b;
const OBJECT = 0x7b;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const MOST_INDENT = 1000;

/**
 * Cuts a stream of bytes into submissions: a JSON list or object up to its end, anything else up to the stream's end.
 *
 * `phase` says what is being gathered: `blank` is white space that belongs to no submission.
 */
export class SubmissionSplitter {
  phase: 'blank' | 'json' | 'text' = 'blank';
  #bytes = new ByteCollector();
  #scanner = new ValueScanner();
  #indent = 0;

  /** How many bytes the unfinished submission has so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** How deep inside a JSON value the stream is. */
  get depth(): number {
    return this.#scanner.depth;
  }

  /** Takes bytes from `start` on, and answers with the index behind those taken, and whether a submission is complete. */
  take(bytes: Uint8Array, start: number): { next: number; complete: boolean } {
    let at = start;
    if (this.phase === 'blank') {
      at = this.#skipBlank(bytes, start);
      if (at === bytes.length) return { next: at, complete: false };
      this.#begin(bytes[at]!);
    }
    const end = this.phase === 'json' ? this.#scanner.scan(bytes, at) : -1;
    const next = end < 0 ? bytes.length : end;
    this.#bytes.append(bytes.subarray(at, next));
    return { next, complete: end >= 0 };
  }

  /** Hands out what was gathered, finished or not, and begins with the next submission. */
  finish(): Uint8Array {
    this.phase = 'blank';
    this.#indent = 0;
    this.#scanner = new ValueScanner();
    return this.#bytes.take();
  }

  #begin(first: number): void {
    this.phase = first === LIST || first === OBJECT ? 'json' : 'text';
    // Indentation means something in YAML, so the first line keeps its own.
    if (this.phase === 'text') this.#bytes.append(new Uint8Array(this.#indent).fill(SPACE));
  }

  #skipBlank(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === SPACE) this.#indent = Math.min(this.#indent + 1, MOST_INDENT);
      else if (byte === NEWLINE) this.#indent = 0;
      else if (!isBlank(byte)) return at;
    }
    return bytes.length;
  }
}

/** Tab, carriage return, and the bytes of the mark that some editors put before a text. */
function isBlank(byte: number): boolean {
  return byte === 0x09 || byte === 0x0d || BYTE_ORDER_MARK.includes(byte);
}
