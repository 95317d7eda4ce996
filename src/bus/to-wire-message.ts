import { type Msg, type MsgHdrs, MsgHdrsImpl, type PublishOptions } from '@nats-io/transport-node';
import { ownBytes } from '../lib/own-bytes.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { headerBytes } from './library-internals.ts';

/** The largest headers that are read: ours have some hundred bytes, a schedule or a long reason a few thousand. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Of headers above this size a message keeps no more than what is read of them, bytes. */
const SMALL_HEADER_BYTES = 1024;

/** A message as it came from the broker, for those who know nothing of the library. */
export function toWireMessage(msg: Msg): WireMessage {
  const { subject, reply = '', data, headers } = msg;
  // Payload and values are parts of what came: who keeps one of them would keep all headers in memory.
  const isLarge = headerBytes(msg) > SMALL_HEADER_BYTES;
  let values: ReadonlyMap<string, string> | undefined;
  return {
    ...{ subject, reply, payload: isLarge ? ownBytes(data) : data },
    noResponders: headers?.code === 503 && data.length === 0,
    header: (name) => {
      values ??= firstValues(headers);
      const value = values.get(name);
      return isLarge && value !== undefined ? Buffer.from(value).toString() : value;
    },
  };
}

/** The first value of each header that has one: the library goes through all names anew for each that is looked up. */
function firstValues(headers: MsgHdrs | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, [value]] of headers ?? []) if (value) values.set(name, value);
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

/** What the library needs to know of a message besides its subject and payload. */
export function publishOptions({
  reply,
  headers: given,
}: {
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, string>>;
}): PublishOptions {
  const options: PublishOptions = {};
  if (reply) options.reply = reply;
  if (given) {
    // To set each by itself would check its name too, each time, and look for it among those before.
    const values: Record<string, string[]> = {};
    for (const name in given) values[name] = [MsgHdrsImpl.validHeaderValue(given[name]!)];
    options.headers = MsgHdrsImpl.fromRecord(values);
  }
  return options;
}
