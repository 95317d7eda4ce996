import type { Msg, MsgHdrs, PublishOptions } from '@nats-io/transport-node';
import { ownBytes } from '../lib/own-bytes.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { headerBytes, rawHeaders } from './library-internals.ts';

/** The largest headers that are read: ours have some hundred bytes, a schedule or a long reason a few thousand. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Of headers above this size a message keeps no more than what is read of them, bytes. */
const SMALL_HEADER_BYTES = 1024;

const NOBODY = 503;
const VERSION = 'NATS/1.0';

/** A message as it came from the broker, for those who know nothing of the library. */
export function toWireMessage(msg: Msg): WireMessage {
  const { subject, reply = '', data } = msg;
  // Payload and values are parts of what came: who keeps one of them would keep all headers in memory.
  const isLarge = headerBytes(msg) > SMALL_HEADER_BYTES;
  // Not when it is asked for: that would keep all that came with it until then.
  let head = textOf(msg);
  let values: ReadonlyMap<string, string> | undefined;
  return {
    subject,
    reply,
    payload: isLarge ? ownBytes(data) : data,
    noResponders: data.length === 0 && statusOf(head) === NOBODY,
    header: (name) => {
      values ??= firstValues(head);
      head = '';
      const value = values.get(name);
      return isLarge && value ? Buffer.from(value).toString() : value || undefined;
    },
  };
}

function textOf(msg: Msg): string {
  const { buffer, byteOffset, byteLength } = rawHeaders(msg);
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

/** The code behind the version in the first line; NaN where there is none. */
function statusOf(headers: string): number {
  return Number.parseInt(headers.slice(VERSION.length, headers.indexOf('\r\n')), 10);
}

/** The first value of each header, by its name as it came. */
function firstValues(headers: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (let at = headers.indexOf('\r\n'); at !== -1; ) {
    const end = headers.indexOf('\r\n', at + 2);
    const line = headers.slice(at + 2, end === -1 ? headers.length : end);
    at = end;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).trim();
    // A line break in a value would go on into logs and answers; the library takes no such message.
    if (name && !values.has(name) && !/[\r\n]/.test(value)) values.set(name, value);
  }
  return values;
}

/** Whether the headers of a message are of a size that is read. */
export function isReadable(msg: Msg): boolean {
  return headerBytes(msg) <= MAX_HEADER_BYTES;
}

/** Says that a message is not read. */
export function droppedText(msg: Msg): string {
  return `a message on ${msg.subject} was dropped: its headers have more than the ${MAX_HEADER_BYTES} bytes that this node reads`;
}

/** What the library needs to know of a message besides its subject and payload. Throws where a header is more than a line. */
export function publishOptions({
  reply,
  headers,
}: {
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, string>>;
}): PublishOptions {
  const options: PublishOptions = {};
  if (reply) options.reply = reply;
  // Its own headers would be made of a list for each name; it asks them for nothing but their bytes.
  if (headers) options.headers = { encode: () => encodeHeaders(headers) } as unknown as MsgHdrs;
  return options;
}

function encodeHeaders(headers: Readonly<Record<string, string>>): Uint8Array {
  let text = '';
  for (const name in headers) {
    const value = headers[name]!;
    if (/[\r\n]/.test(value)) throw new Error(`the header ${name} has more than one line`);
    text += `${name}: ${value.trim()}\r\n`;
  }
  return Buffer.from(text && `${VERSION}\r\n${text}\r\n`);
}
