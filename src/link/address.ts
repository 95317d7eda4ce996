import { HEADER } from '../message/codec/wire-headers.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

/** What is known of how nodes want to be addressed. */
export interface Addresses {
  /** Whether all of them want the plain subject. */
  readonly arePlain: boolean;
  /** The subject on which a node wants what is for a lane's subject; `toNode` where the subject does not say. */
  subjectFor(subject: string, toNode?: string): string;
}

/** Puts messages on the subjects on which their targets want them; those that want proof are told what a reply is to. */
export function address(addresses: Addresses): Wrapper {
  return (messages, next) =>
    next(addresses.arePlain ? messages : messages.map((message) => addressed(message, addresses)));
}

function addressed(message: OutboundMessage, addresses: Addresses): OutboundMessage {
  const { re, headers } = message;
  const subject = addresses.subjectFor(message.subject);
  if (subject === message.subject) return message;
  return { ...message, subject, headers: re === null ? headers : { ...headers, [HEADER.re]: re } };
}
