import { CodedError } from '../lib/coded-error.ts';

/** Why a message could not be read: broken bytes or text, larger than allowed, or a form we do not know. */
export type MessageErrorCode = 'malformed' | 'too-large' | 'unsupported';

/** A message, or a submission of messages, that cannot be read; the text says what is wrong and where. */
export class MessageError extends CodedError<MessageErrorCode> {
  override name = 'MessageError';
}
