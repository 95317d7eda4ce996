import type { Message } from './message.ts';

/** What an item of a list, or a message, costs besides its bytes, as the engine keeps them. */
const ITEM_BYTES = 120;
const MESSAGE_BYTES = 600;

/** How much memory a decoded message takes, roughly: an empty item of a list is not free. */
export function messageBytes(message: Message): number {
  let bytes = 0;
  for (let part: Message | null = message; part !== null; part = part.previousMessage) {
    bytes += MESSAGE_BYTES + listBytes(part.data) + listBytes(part.methodArgs);
    bytes += listBytes(part.replyMethodArgs) + listBytes(part.toNodes);
  }
  return bytes;
}

/** How much memory a list of a message takes, roughly. */
export function listBytes(list: readonly { readonly length: number }[] | null): number {
  let bytes = 0;
  if (list) for (const { length } of list) bytes += ITEM_BYTES + length;
  return bytes;
}
