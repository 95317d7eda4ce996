import { decodeMessage } from '../message/decode-message.ts';
import type { Message } from '../message/message.ts';
import { nodeNameFault } from '../message/names.ts';
import { parseSubject } from '../message/subject.ts';
import { HEADER } from '../message/wire-headers.ts';
import type { JournalMethod } from './journal-deps.ts';

/** A message that may be accepted, or why it never can be; then with what could be read of it. */
export type Opened = { message: Message } | { fault: string; message?: Message };

interface Envelope {
  readonly subject: string;
  readonly payload: Uint8Array;
  header(name: string): string | undefined;
}

/**
 * Decodes a payload and holds it against the subject that it came on: the subject decides what is allowed, so
 * a payload that names another method or node is refused (fault 19).
 */
export function openArrival(arrival: Envelope, options: { method: JournalMethod; maxBytes: number }): Opened {
  const message = decode(arrival, options.maxBytes);
  if (typeof message === 'string') return { fault: message };
  const subject = parseSubject(arrival.subject);
  if (message.method !== subject?.method) {
    return {
      message,
      fault: `the payload asks for ${quote(message.method)} on the subject ${arrival.subject}: refused`,
    };
  }
  if (message.toNode !== subject.toNode) {
    return {
      message,
      fault: `the payload is for node ${quote(message.toNode)} on the subject ${arrival.subject}: refused`,
    };
  }
  const fromFault = nodeNameFault(message.fromNode);
  if (fromFault) return { message, fault: `FromNode: ${fromFault}` };
  const fault = options.method.check?.(message);
  return fault ? { message, fault } : { message };
}

function decode(arrival: Envelope, maxBytes: number): Message | string {
  try {
    return decodeMessage(arrival.payload, {
      serial: arrival.header(HEADER.serial) ?? '',
      cmp: arrival.header(HEADER.compression) ?? '',
      maxBytes,
    });
  } catch (error) {
    return `the payload cannot be read: ${(error as Error).message}`;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
