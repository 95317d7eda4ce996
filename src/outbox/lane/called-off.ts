import type { BodyFormat } from '../../message/codec/body-format.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { newMessage } from '../../message/message.ts';
import { parseSubject, receiverOf } from '../../message/subject.ts';

/** A body and how it is written. */
export interface Body {
  readonly payload: Uint8Array;
  readonly format: BodyFormat;
}

/**
 * What travels in the place of a message that was called off, which is over by any clock: its target answers whether it took
 * the place before, so that the message itself need not travel once more, however large it is.
 */
export function calledOffBody(subject: string, fromNode: string): Body {
  const method = parseSubject(subject)?.method ?? '';
  const message = newMessage({ toNode: receiverOf(subject), fromNode, method, data: [] });
  const { payload, serial, cmp } = encodeMessage(message, { serialization: 'cbor', compression: '' });
  return { payload, format: { serial, cmp } };
}
