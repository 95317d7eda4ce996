import { crc32 } from 'node:zlib';
import { compress } from '../message/codec/compression.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { formatPartPlace } from '../message/part-place.ts';
import type { Next, OutboundMessage, Sent, Wrapper } from './way-out.ts';

/** Room for subject and headers within what the broker takes, bytes. */
const HEADER_ROOM = 2048;

/** How much larger than the others the last part may be. */
const LAST_PART = 5 / 4;

/** The largest payload that goes whole, bytes. */
export function wholeLimit(maxPayload: number): number {
  return maxPayload - HEADER_ROOM;
}

/**
 * Cuts the part whose turn has come out of a message that is larger than its link, or the broker, takes at once. What only
 * nodes that join parts may get, as a message with a schedule, goes in two at least: others would do something else with it, and
 * can do nothing with a part. What may not be split is compressed or, where that is not enough, held back, and what comes after a part waits for its turn.
 */
export function split(broker: { readonly maxPayload: number }): Wrapper {
  const sums = new WeakMap<Uint8Array, string>();
  const sumOf = (payload: Uint8Array): string => {
    const sum = sums.get(payload) ?? crc32(payload).toString(16);
    sums.set(payload, sum);
    return sum;
  };
  return (messages, next) => {
    const limit = wholeLimit(broker.maxPayload);
    const first = messages.findIndex((message) => !isWhole(message, limit));
    if (first === -1) return next(messages);
    if (first > 0) return next(messages.slice(0, first));
    const { parts, payload } = messages[0]!;
    if (parts.form === 'none')
      return sendPacked(messages[0]!, limit, next) ?? [{ bytes: 0, wholeBytes: payload.length }];
    return sendPart(messages[0]!, { limit, next, sumOf });
  };
}

function isWhole({ payload, needsLanes, place, parts }: OutboundMessage, limit: number): boolean {
  if (place === undefined) return true;
  return !needsLanes && parts.from === 0 && payload.length <= Math.min(limit, parts.wholeUpTo);
}

/** What is too large for a node that joins no pieces may be small enough once it is compressed: every node reads that. */
function sendPacked(message: OutboundMessage, limit: number, next: Next): readonly Sent[] | undefined {
  if (message.needsLanes || message.format.cmp !== '' || message.headers[HEADER.compression])
    return undefined;
  const payload = compress(message.payload, 'z');
  if (payload.length > limit) return undefined;
  const headers = { ...message.headers, [HEADER.compression]: 'z' };
  return next([{ ...message, payload, headers }]);
}

function sendPart(
  message: OutboundMessage,
  { limit, next, sumOf }: { limit: number; next: Next; sumOf: (payload: Uint8Array) => string },
): readonly Sent[] {
  const { payload, needsLanes, parts } = message;
  const most = Math.max(1024, Math.min(parts.bytes, limit));
  const { from } = parts;
  const left = payload.length - from;
  // The end is no part of its own where it is small.
  const isEnd = parts.form === 'offset' && left <= Math.min(most * LAST_PART, limit);
  // A broker that takes hardly more than headers has small messages go in parts too: one alone would do as the whole.
  const isHalved = needsLanes || (parts.form === 'numbered' && payload.length <= most);
  const size = isHalved ? Math.min(most, Math.ceil(payload.length / 2)) : isEnd ? left : most;
  const header =
    parts.form === 'offset'
      ? formatPartPlace({ offset: from, total: payload.length, sum: sumOf(payload) })
      : `${Math.floor(from / size) + 1}/${Math.ceil(payload.length / size)}`;
  const { [HEADER.end]: end, ...others } = message.headers;
  // An end is read when the whole is there.
  const isLast = end !== undefined && from + size >= payload.length;
  const headers = { ...others, ...(isLast && { [HEADER.end]: end }), [HEADER.part]: header };
  const part = { ...message, payload: payload.subarray(from, from + size), headers };
  return next([part]).map(({ bytes }) => ({ bytes, wholeBytes: payload.length }));
}
