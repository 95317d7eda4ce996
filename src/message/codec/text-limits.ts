import { MessageError } from '../message-error.ts';

/** How long a name or path of a message may be, bytes: as long as Linux opens one. More is refused, to bound memory. */
export const MAX_NAME_BYTES = 4096;

/** How long all texts in the lists of one message may be together, but for `data`, bytes; more is refused, to bound memory. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/** Why a message with a name or path is refused that is longer than any can be. */
export function longName(field: string): MessageError {
  return new MessageError('malformed', `the field ${field} has more than ${MAX_NAME_BYTES} bytes`);
}

/** Why a message with more text than is read is refused. */
export function longTexts(): MessageError {
  const text = `the arguments and names in the lists of the message have more than ${MAX_TEXT_BYTES} bytes`;
  return new MessageError('malformed', text);
}
