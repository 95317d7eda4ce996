import { type Compression, compress as compressBytes, SMALL_BYTES } from '../message/codec/compression.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

/** A message above this size may go in pieces, each of which needs the same compressed whole, bytes. */
const REMEMBERED_BYTES = 64 * 1024;
/** What is shorter than this grows when it is compressed: most commands do, bytes. */
const LEAST_BYTES = 100;

type Packed = Pick<OutboundMessage, 'payload' | 'format'>;

/** Compresses what is not compressed yet, and names the compression in a header; over a thin link where that makes it smaller. */
export function compress(compression: Compression): Wrapper {
  const remembered = [false, true].map(() => new WeakMap<Uint8Array, Packed>());
  const packed = (message: OutboundMessage): Packed => {
    const { payload, isLean } = message;
    const known = remembered[Number(isLean)]!;
    const made = known.get(payload) ?? (isLean ? smaller(message) : pack(message, compression));
    if (payload.length > REMEMBERED_BYTES) known.set(payload, made);
    return made;
  };
  return (messages, next) => next(messages.map((message) => named(message, packed)));
}

function named(message: OutboundMessage, packed: (message: OutboundMessage) => Packed): OutboundMessage {
  if (message.isPiece) return message;
  // A row that an earlier version queued is compressed already.
  const { payload, format } = message.format.cmp === '' ? packed(message) : message;
  if (format.cmp === '') return message;
  return {
    ...{ ...message, payload, format },
    headers: { ...message.headers, [HEADER.compression]: format.cmp },
  };
}

function pack({ payload, format }: OutboundMessage, cmp: Compression): Packed {
  return { payload: compressBytes(payload, cmp), format: { ...format, cmp } };
}

function smaller(message: OutboundMessage): Packed {
  const { length } = message.payload;
  const packed = pack(message, length > SMALL_BYTES ? 'z' : length < LEAST_BYTES ? '' : 'g');
  return packed.payload.length < length ? packed : pack(message, '');
}
