import { encode, Token, Type } from 'cborg';
import { MESSAGE_FIELDS } from '../fields.ts';
import type { Message } from '../message.ts';
import { MessageError } from '../message-error.ts';

/** A message in CBOR: where all of `data` is text, that is valid UTF-8, byte for byte as the reference writes it, else with byte strings. */
export function encodeCbor(message: Message, { isText = true } = {}): Uint8Array {
  return encode(toItems(message), isText ? { typeEncoders: { Uint8Array: textOf, Buffer: textOf } } : {});
}

function toItems(message: Message): unknown[] {
  return MESSAGE_FIELDS.map(({ key }) => {
    const value = message[key];
    if (key === 'previousMessage') return message.previousMessage && toItems(message.previousMessage);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new MessageError('malformed', `${value} is not an integer`);
    }
    return typeof value === 'string' ? value.toWellFormed() : value;
  });
}

/** Bytes as a CBOR text, for the reference knows no byte strings. */
function textOf(bytes: Uint8Array): Token {
  const token = new Token(Type.string, '');
  token.encodedBytes = bytes;
  return token;
}
