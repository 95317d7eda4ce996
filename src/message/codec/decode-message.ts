import type { Message } from '../message.ts';
import { MessageError } from '../message-error.ts';
import { CBOR_BYTES } from './body-format.ts';
import { decompress } from './compression.ts';
import { decodeCbor } from './decode-cbor.ts';
import { decodeGob } from './decode-gob.ts';

/** What a message's NATS headers say of its payload ('' where there is no such header), and how large it may be. */
export interface Decoding {
  readonly serial: string;
  readonly cmp: string;
  /** The limit for the payload as it came, and for what comes out of it. */
  readonly maxBytes: number;
  /** Told how much came out of a compressed payload, bytes, also where that is no message. */
  onUnpacked?(bytes: number): void;
}

/**
 * Reads a message from the wire. Items of `data` are views of the payload, which must not be written to after.
 * Throws MessageError: malformed, too-large, or unsupported for a header value that we do not know.
 */
export function decodeMessage(payload: Uint8Array, decoding: Decoding): Message {
  const { serial, cmp, maxBytes } = decoding;
  if (serial !== '' && serial !== 'gob' && serial !== 'cbor' && serial !== CBOR_BYTES) {
    const known = `cbor, ${CBOR_BYTES}, gob and no header at all are known`;
    throw new MessageError(
      'unsupported',
      `the header serial names the unknown encoding "${serial}": ${known}`,
    );
  }
  const plain = decompress(payload, cmp, maxBytes);
  if (cmp !== '') decoding.onUnpacked?.(plain.length);
  if (serial === CBOR_BYTES) return decodeCbor(plain, { hasBytes: true });
  return serial === 'cbor' ? decodeCbor(plain) : decodeGob(plain);
}
