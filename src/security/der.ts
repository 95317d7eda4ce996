/** A value in DER, as certificates are made of. */
export type Der = Buffer;

/** A value of any tag. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Der {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

/** Values in their order. */
export function sequence(...parts: readonly Uint8Array[]): Der {
  return der(0x30, ...parts);
}

/** A set of one value. */
export function setOf(part: Uint8Array): Der {
  return der(0x31, part);
}

/** A whole number that is not negative, from its bytes. */
export function integer(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const plain = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return plain[0]! & 0x80 ? der(0x02, Uint8Array.of(0), plain) : der(0x02, plain);
}

/** An object identifier such as `2.5.29.17`. */
export function oid(text: string): Der {
  const [first, second, ...rest] = text.split('.').map(Number);
  return der(0x06, Uint8Array.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

/** A string of whole bytes, or with some bits unused in its last one. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return der(0x03, Uint8Array.of(unusedBits), bytes);
}

export function octetString(bytes: Uint8Array): Der {
  return der(0x04, bytes);
}

export function utf8String(text: string): Der {
  return der(0x0c, Buffer.from(text));
}

export function boolean(isTrue: boolean): Der {
  return der(0x01, Uint8Array.of(isTrue ? 0xff : 0));
}

/** A time to the second: with two digits of the year up to 2049, as certificates must have it. */
export function time(date: Date): Der {
  const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 255];
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

function base128(value: number): number[] {
  const digits = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 127) | 128);
  return digits;
}
