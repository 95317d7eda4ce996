import { isUtf8 } from 'node:buffer';
import { MESSAGE_FIELDS } from '../fields.ts';
import type { Message } from '../message.ts';

/**
 * A message under its JSON keys, in wire order, as `readMessage` takes it back. Data is text; an item that is not
 * valid UTF-8 becomes `{"base64": "..."}`. As in the reference's JSON, `toNodes` is left out where it is empty.
 */
export function messageToJson(message: Message): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const { key, json: jsonKey } of MESSAGE_FIELDS) {
    if (key === 'data') json[jsonKey] = message.data?.map(dataToJson) ?? null;
    else if (key === 'previousMessage') {
      json[jsonKey] = message.previousMessage && messageToJson(message.previousMessage);
    } else if (key !== 'toNodes' || message.toNodes?.length) json[jsonKey] = message[key];
  }
  return json;
}

/** The fields of a message that are set, under their JSON keys: the shortest form that `readMessage` takes back. */
export function messageToShortJson(message: Message): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const { key, json: jsonKey } of MESSAGE_FIELDS) {
    const value = message[key];
    if (!value) continue;
    if (key === 'data') json[jsonKey] = message.data?.map(dataToJson);
    else if (key === 'previousMessage') json[jsonKey] = messageToShortJson(value as Message);
    else json[jsonKey] = value;
  }
  return json;
}

function dataToJson(item: Uint8Array): string | { base64: string } {
  const bytes = Buffer.from(item.buffer, item.byteOffset, item.byteLength);
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}
