import { isUtf8 } from 'node:buffer';
import type { Message } from '../message.ts';
import { CBOR_BYTES, type WireFormat } from './body-format.ts';
import { type Compression, compress } from './compression.ts';
import { encodeCbor } from './encode-cbor.ts';
import { encodeGob } from './encode-gob.ts';

/** How messages leave a node: '' and gob are the same, as gob is the reference's default. */
export interface Encoding {
  readonly serialization: '' | 'gob' | 'cbor';
  readonly compression: Compression;
}

/** A message as it travels, with the values of its NATS headers; '' means that the header is left out. */
export interface Encoded {
  readonly payload: Uint8Array;
  readonly serial: '' | 'cbor';
  readonly cmp: Compression;
}

/**
 * Encodes a message for the wire, in a buffer of its own. A message whose data is not valid UTF-8 travels as gob
 * whatever is asked for, because the reference reads only text from CBOR.
 */
export function encodeMessage(message: Message, { serialization, compression }: Encoding): Encoded {
  const serial = serialization === 'cbor' && hasTextData(message) ? 'cbor' : '';
  const plain = serial === 'cbor' ? encodeCbor(message) : encodeGob(message);
  return { payload: compress(plain, compression), serial, cmp: compression };
}

/** Encodes a message as CBOR for a node that names `cbor-bytes`: data that is not valid UTF-8 goes as byte strings. */
export function encodeWithBytes(message: Message): { readonly payload: Uint8Array } & WireFormat {
  const isText = hasTextData(message);
  return { payload: encodeCbor(message, { isText }), serial: isText ? 'cbor' : CBOR_BYTES, cmp: '' };
}

function hasTextData(message: Message): boolean {
  for (let part: Message | null = message; part !== null; part = part.previousMessage) {
    if (part.data !== null && !part.data.every(isUtf8)) return false;
  }
  return true;
}
