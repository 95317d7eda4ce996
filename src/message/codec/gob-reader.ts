import { MessageError } from '../message-error.ts';

/** Reads gob's primitive values from a payload; every length is held against the bytes that are left. */
export class GobReader {
  readonly #bytes: Buffer;
  /** Where the payload ends. */
  readonly end: number;
  position = 0;
  /** The length of the text that was read last, bytes. */
  textBytes = 0;

  constructor(payload: Uint8Array) {
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.end = payload.byteLength;
  }

  /** Steps over these bytes if the payload begins with them. */
  skipPrefix(prefix: Uint8Array): boolean {
    if (this.end < prefix.length || this.#bytes.compare(prefix, 0, prefix.length, 0, prefix.length) !== 0) {
      return false;
    }
    this.position = prefix.length;
    return true;
  }

  uint(): number {
    const first = this.#bytes[this.position];
    if (first === undefined) throw this.fault('ends too early');
    this.position++;
    return first < 0x80 ? first : this.#longUint(0x100 - first);
  }

  int(): number {
    const start = this.position;
    const value = this.uint();
    if (value < 0x80000000) return value & 1 ? -(value >>> 1) - 1 : value >>> 1;
    return this.#longInt(start);
  }

  /** Steps over an integer or float of any size. */
  skipNumber(): void {
    const first = this.#bytes[this.position];
    if (first === undefined) throw this.fault('ends too early');
    this.skip(first < 0x80 ? 1 : 1 + this.#sizeOf(0x100 - first));
  }

  /** The number of items of a list or map, each of which takes a byte at least. */
  count(): number {
    return this.#within(this.uint());
  }

  skip(length: number): void {
    this.position += this.#within(length);
  }

  skipBytes(): void {
    this.skip(this.uint());
  }

  /** A text; undefined where it has more bytes than it may have. */
  text(maxBytes: number): string | undefined {
    const length = this.#within(this.uint());
    if (length > maxBytes) return undefined;
    this.textBytes = length;
    const start = this.position;
    this.position += length;
    return this.#bytes.toString('utf8', start, this.position);
  }

  /** A view of the payload, not a copy. */
  bytes(): Uint8Array {
    const length = this.#within(this.uint());
    if (length === 0) return NO_BYTES;
    const start = this.#bytes.byteOffset + this.position;
    this.position += length;
    return new Uint8Array(this.#bytes.buffer, start, length);
  }

  /** The error for a payload that is no message. */
  fault(what: string): MessageError {
    return new MessageError('malformed', `the gob payload ${what} (at byte ${this.position})`);
  }

  #within(length: number): number {
    const left = this.end - this.position;
    if (length > left) throw this.fault(`says that ${length} more follow where ${left} bytes are left`);
    return length;
  }

  #sizeOf(size: number): number {
    if (size > 8) throw this.fault('has a number of more than 8 bytes');
    return size;
  }

  #longUint(size: number): number {
    let left = this.#within(this.#sizeOf(size));
    let value = 0;
    while (left-- > 0) value = value * 0x100 + this.#bytes[this.position++]!;
    return value;
  }

  #longInt(start: number): number {
    const wide = BigInt(`0x${this.#bytes.toString('hex', start + 1, this.position)}`);
    const value = Number(wide & 1n ? -(wide >> 1n) - 1n : wide >> 1n);
    if (!Number.isSafeInteger(value)) throw this.fault('has an integer of more than 53 bits');
    return value;
  }
}

const NO_BYTES = new Uint8Array();
