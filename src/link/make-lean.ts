import { decodeMessage } from '../message/codec/decode-message.ts';
import { encodeMessage, encodeWithBytes } from '../message/codec/encode-message.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

type Body = Pick<OutboundMessage, 'payload' | 'format'>;

/**
 * Writes the bodies of messages that go over a thin link to nodes of our own as CBOR: gob tells the types
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
  if (format.cmp !== '' || format.serial === 'cbor') return { payload, format };
  try {
    const message = decodeMessage(payload, { serial: '', cmp: '', maxBytes: Number.POSITIVE_INFINITY });
    const {
      payload: inCbor,
      serial,
      cmp,
    } = takesBytes
      ? encodeWithBytes(message)
      : encodeMessage(message, { serialization: 'cbor', compression: '' });
    return { payload: inCbor, format: { serial, cmp } };
  } catch {
    // Its target says what is wrong with it.
    return { payload, format };
  }
}
