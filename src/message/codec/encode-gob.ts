import { MESSAGE_FIELDS } from '../fields.ts';
import type { Message } from '../message.ts';
import { MESSAGE_TYPE, MESSAGE_TYPE_BYTES } from './gob-types.ts';
import { GobWriter } from './gob-writer.ts';

const writer = new GobWriter();

/** A message in gob, byte for byte as the reference writes it; gob has no empty lists, so `[]` arrives as null. */
export function encodeGob(message: Message): Uint8Array {
  writer.reset();
  writer.int(MESSAGE_TYPE);
  writeStruct(message);
  return writer.framedAfter(MESSAGE_TYPE_BYTES);
}

/** Writes the fields that are not empty, each after its distance from the one before, and the end mark. */
function writeStruct(message: Message): void {
  let last = -1;
  for (let number = 0; number < MESSAGE_FIELDS.length; number++) {
    const value = message[MESSAGE_FIELDS[number]!.key];
    if (!value || (Array.isArray(value) && value.length === 0)) continue;
    writer.uint(number - last);
    last = number;
    writeValue(value);
  }
  writer.uint(0);
}

function writeValue(value: NonNullable<Message[keyof Message]>): void {
  if (typeof value === 'string') writer.text(value);
  else if (typeof value === 'number') writer.int(value);
  else if (typeof value === 'boolean') writer.uint(1);
  else if (Array.isArray(value)) writeList(value);
  else writeStruct(value);
}

function writeList(items: readonly (string | Uint8Array)[]): void {
  writer.uint(items.length);
  for (const item of items) {
    if (typeof item === 'string') writer.text(item);
    else writer.bytes(item);
  }
}
