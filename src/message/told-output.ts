import { hash } from 'node:crypto';
import type { BodyFormat } from './codec/body-format.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { encodeMessage } from './codec/encode-message.ts';
import type { Message } from './message.ts';

/** The word for a node that takes the beginning of a reply from the output that it was told while the request ran. */
export const TOLD_OUTPUT = 'told-output';

/** A stretch of what a request printed, bytes of its stdout. */
export interface ToldStretch {
  readonly from: number;
  readonly count: number;
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
    const data = dataOf(message);
    if (data.length < count) return undefined;
    const header = `${from}+${count}/${sumOf(data.subarray(0, count))}`;
    const serialization = format.serial === 'cbor' ? 'cbor' : 'gob';
    const rest = { ...message, data: [data.subarray(count)] };
    const { payload: short, ...written } = encodeMessage(rest, { serialization, compression: format.cmp });
    return { payload: short, format: written, header };
  } catch {
    return undefined;
  }
}

/** Reads the header of a short reply; undefined where it is malformed. */
export function readTold(header: string): (ToldStretch & { readonly sum: string }) | undefined {
  const [, from, count, sum] = /^(\d{1,15})\+(\d{1,10})\/([\da-f]{32})$/.exec(header) ?? [];
  return sum === undefined ? undefined : { from: Number(from), count: Number(count), sum };
}

/** A short reply with what was told before its data; undefined where that is not what its sender has. */
export function withTold(message: Message, sum: string, told: Uint8Array): Message | undefined {
  return sumOf(told) === sum ? { ...message, data: [Buffer.concat([told, dataOf(message)])] } : undefined;
}

function dataOf({ data }: Message): Uint8Array {
  return data?.length === 1 ? data[0]! : Buffer.concat(data ?? []);
}

/** Half of the sha256, as hexadecimal digits. */
function sumOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
