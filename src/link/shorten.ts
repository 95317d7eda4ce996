import { askBriefly, briefHeaders } from '../message/codec/brief.ts';
import type { Wrapper } from './way-out.ts';

/** Makes the headers of messages one where their target reads that, and asks for answers of the same kind. */
export function shorten(): Wrapper {
  return (messages, next) =>
    next(
      messages.map((message) => {
        const { isBrief, headers, reply } = message;
        return isBrief ? { ...message, headers: briefHeaders(headers), reply: askBriefly(reply) } : message;
      }),
    );
}
