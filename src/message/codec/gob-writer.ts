import { MessageError } from '../message-error.ts';

const FIRST_BYTES = 64 * 1024;
const SHORT_TEXT = 24;

/** Writes gob's primitive values into one buffer that is kept for the next message. */
export class GobWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #position = 0;

  /** Forgets what was written, and the buffer too where a large message has made it large. */
  reset(): void {
    this.#position = 0;
    if (this.#bytes.length > FIRST_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  /** An unsigned integer below 2^32. */
  uint(value: number): void {
    this.#reserve(9);
    if (value < 0x80) this.#bytes[this.#position++] = value;
    else this.#longUint(value);
  }

  /** A signed integer of up to 53 bits; throws MessageError for any other number. */
  int(value: number): void {
    const doubled = value << 1;
    if (doubled >> 1 !== value) this.#longInt(value);
    else this.uint(doubled >= 0 ? doubled : ~doubled);
  }

  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.#shortAscii(value)) return;
    const length = Buffer.byteLength(value);
    this.uint(length);
    this.#reserve(length);
    this.#bytes.write(value, this.#position);
    this.#position += length;
  }

  bytes(value: Uint8Array): void {
    this.uint(value.length);
    this.raw(value);
  }

  /** Bytes as they are, without their length. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#position);
    this.#position += value.length;
  }

  /** `head`, then the length of what was written, then what was written, in a buffer of its own. */
  framedAfter(head: Uint8Array): Uint8Array {
    const length = this.#position;
    this.uint(length);
    const lengthBytes = this.#position - length;
    const framed = Buffer.allocUnsafeSlow(head.length + lengthBytes + length);
    framed.set(head, 0);
    this.#bytes.copy(framed, head.length, length, length + lengthBytes);
    this.#bytes.copy(framed, head.length + lengthBytes, 0, length);
    return framed;
  }

  /** Writes a text of ASCII alone with its length; false (and nothing written) for any other text. */
  #shortAscii(value: string): boolean {
    this.#reserve(value.length + 1);
    const bytes = this.#bytes;
    let position = this.#position;
    bytes[position++] = value.length;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[position++] = code;
    }
    this.#position = position;
    return true;
  }

  #longUint(value: number): void {
    const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4;
    this.#bytes[this.#position++] = 0x100 - size;
    this.#position = this.#bytes.writeUIntBE(value, this.#position, size);
  }

  #longInt(value: number): void {
    if (!Number.isSafeInteger(value)) throw new MessageError('malformed', `${value} is not an integer`);
    const wide = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
    const hex = wide.toString(16);
    const digits = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
    this.#reserve(9);
    this.#bytes[this.#position++] = 0x100 - digits.length;
    this.raw(digits);
  }

  #reserve(count: number): void {
    const needed = this.#position + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}
