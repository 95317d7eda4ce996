import { hash } from 'node:crypto';
import type { BodyFormat } from './codec/body-format.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import type { Message } from './message.ts';

/** The word for a node that takes the beginning of a reply from the output that it was told while the request ran. */
export const TOLD_OUTPUT = 'told-output';

/** The word for a node that keeps the data of what it relays, so that it need not travel again for another target. */
export const KEPT_DATA = 'kept-data';

/** In place of where a stretch begins: it is the data of an earlier message of the same sender. */
const KEPT = 'kept';
/** Smaller data is neither kept nor left out, bytes. */
export const LEAST_KEPT_BYTES = 16 * 1024;

/** A stretch of what a request printed, bytes of its stdout; or the data of an earlier message. */
export interface ToldStretch {
  readonly from: number | typeof KEPT;
  readonly count: number;
}

/** Data of an earlier message, by its size and its sum. */
export interface KeptStretch {
  readonly count: number;
  readonly sum: string;
}

/** A body without what its target has, and the header that says what is to stand before its data. */
export interface ShortReply {
  readonly payload: Uint8Array;
  /** How that is written: what is text as a whole may be none without its beginning. */
  readonly format: BodyFormat;
  readonly header: string;
}

const SHORT = 'told-';
/** Of a smaller stretch the header is no less than a part of the bytes. */
const LEAST_BYTES = 1024;
/** A body in the outbox is not compressed, or was checked when it was queued. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** The header `serial` of a short reply: a node that would not make it whole does not know that, and refuses it. */
export function shortSerial(serial: string): string {
  return `${SHORT}${serial || 'gob'}`;
}

/** How the payload of a message is written whose header `serial` this is, short or not. */
export function plainSerial(serial: string): string {
  return serial.startsWith(SHORT) ? serial.slice(SHORT.length) : serial;
}

/** What of a reply was told, where that is worth it: `from` is where the reply begins in stdout, `to` how far that was told; bytes. */
export function toldStretch(told: { from: number; to: number }, replyBytes: number): ToldStretch | undefined {
  const count = Math.min(replyBytes, told.to - told.from);
  return count >= LEAST_BYTES && 2 * count >= replyBytes ? { from: told.from, count } : undefined;
}

/** The body of a reply without its first bytes, which were told; undefined where it cannot be read. */
export function withoutTold(
  payload: Uint8Array,
  format: BodyFormat,
  { from, count }: ToldStretch,
): ShortReply | undefined {
  try {
    const message = decodeMessage(payload, { ...format, maxBytes: MAX_BYTES });
    return dataOf(message).length < count ? undefined : shortened(message, format, { from, count });
  } catch {
    return undefined;
  }
}

/** The body of a message without its data, which its target may have from an earlier one; undefined where that is not worth asking. */
export function withoutData(payload: Uint8Array, format: BodyFormat): (ShortReply & KeptStretch) | undefined {
  try {
    const message = decodeMessage(payload, { ...format, maxBytes: MAX_BYTES });
    const count = message.data?.length === 1 ? message.data[0]!.length : 0;
    return count < LEAST_KEPT_BYTES
      ? undefined
      : { ...shortened(message, format, { from: KEPT, count }), count };
  } catch {
    return undefined;
  }
}

function shortened(message: Message, format: BodyFormat, { from, count }: ToldStretch) {
  const data = dataOf(message);
  const sum = sumOf(data.subarray(0, count));
  const serialization = format.serial === 'cbor' ? ('cbor' as const) : ('gob' as const);
  const rest = { ...message, data: [data.subarray(count)] };
  const { payload, ...written } = encodeMessage(rest, { serialization, compression: format.cmp });
  return { payload, format: written, header: `${from}+${count}/${sum}`, sum };
}

/** Reads the header of a short message; undefined where it is malformed. */
export function readTold(header: string): (ToldStretch & { readonly sum: string }) | undefined {
  const [, from, count, sum] = /^(\d{1,15}|kept)\+(\d{1,10})\/([\da-f]{32})$/.exec(header) ?? [];
  return sum === undefined
    ? undefined
    : { from: from === KEPT ? KEPT : Number(from), count: Number(count), sum };
}

/** The word that a node must have named to get something without that stretch. */
export function wordFor({ from }: ToldStretch): string {
  return from === KEPT ? KEPT_DATA : TOLD_OUTPUT;
}

/** A short reply with what was told before its data; undefined where that is not what its sender has. */
export function withTold(message: Message, sum: string, told: Uint8Array): Message | undefined {
  return sumOf(told) === sum ? { ...message, data: [Buffer.concat([told, dataOf(message)])] } : undefined;
}

function dataOf({ data }: Message): Uint8Array {
  return data?.length === 1 ? data[0]! : Buffer.concat(data ?? []);
}

/** Half of the sha256, as hexadecimal digits. */
export function sumOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
