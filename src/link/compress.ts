import { type Compression, compress as compressBytes } from '../message/codec/compression.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

/** A message above this size may go in pieces, each of which needs the same compressed whole, bytes. */
const REMEMBERED_BYTES = 64 * 1024;

/** Compresses what is not compressed yet, and names the compression in a header. */
export function compress(compression: Compression): Wrapper {
  const remembered = new WeakMap<Uint8Array, Uint8Array>();
  const packed = (payload: Uint8Array): Uint8Array => {
    if (payload.length <= REMEMBERED_BYTES) return compressBytes(payload, compression);
    const known = remembered.get(payload) ?? compressBytes(payload, compression);
    remembered.set(payload, known);
    return known;
  };
  return (messages, next) => next(messages.map((message) => named(message, compression, packed)));
}

function named(
  message: OutboundMessage,
  compression: Compression,
  packed: (payload: Uint8Array) => Uint8Array,
): OutboundMessage {
  if (message.isPiece) return message;
  // A row that an earlier version queued is compressed already.
  const isPlain = message.format.cmp === '';
  const cmp = isPlain ? compression : message.format.cmp;
  if (cmp === '') return message;
  return {
    ...message,
    payload: isPlain ? packed(message.payload) : message.payload,
    format: { ...message.format, cmp },
    headers: { ...message.headers, [HEADER.compression]: cmp },
  };
}
