import type { WireFormat } from '../message/codec/body-format.ts';
import { compress, SMALL_BYTES } from '../message/codec/compression.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { encodeMessage, encodeWithBytes } from '../message/codec/encode-message.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

/** What is shorter than this grows when it is compressed: most commands do, bytes. */
const LEAST_BYTES = 100;

type Body = Pick<OutboundMessage, 'payload' | 'format'>;

/**
 * Writes the bodies of messages that go over a thin link to nodes of our own as CBOR, and compressed: gob tells the types
 * of all fields in each message, which is more than most messages have to say. Every version of ours reads both, but for data that is no text.
 */
export function makeLean(): Wrapper {
  // A message that goes in parts needs the same bytes for each.
  const remembered = new WeakMap<Uint8Array, Body & Pick<OutboundMessage, 'takesBytes'>>();
  return (messages, next) =>
    next(
      messages.map((message) => {
        if (!message.isLean) return message;
        const { takesBytes } = message;
        const known = remembered.get(message.payload);
        const lean = known?.takesBytes === takesBytes ? known : { ...leanBody(message), takesBytes };
        remembered.set(message.payload, lean);
        return { ...message, ...lean };
      }),
    );
}

function leanBody({ payload, format, takesBytes }: OutboundMessage): Body {
  // A row that an earlier version queued is compressed already.
  if (format.cmp !== '') return { payload, format };
  const inCbor = format.serial === 'cbor' ? { payload, serial: format.serial } : recoded(payload, takesBytes);
  const { length } = inCbor.payload;
  const cmp = length > SMALL_BYTES ? 'z' : length < LEAST_BYTES ? '' : 'g';
  const packed = compress(inCbor.payload, cmp);
  const isSmaller = packed.length < length;
  const body = isSmaller ? packed : inCbor.payload;
  return { payload: body, format: { serial: inCbor.serial, cmp: isSmaller ? cmp : '' } };
}

function recoded(
  payload: Uint8Array,
  takesBytes: boolean,
): { payload: Uint8Array } & Pick<WireFormat, 'serial'> {
  try {
    const message = decodeMessage(payload, { serial: '', cmp: '', maxBytes: Number.POSITIVE_INFINITY });
    if (takesBytes) return encodeWithBytes(message);
    return encodeMessage(message, { serialization: 'cbor', compression: '' });
  } catch {
    // Its target says what is wrong with it.
    return { payload, serial: '' };
  }
}
