import { decodeMessage } from '../../message/codec/decode-message.ts';
import type { Message } from '../../message/message.ts';
import { MessageError } from '../../message/message-error.ts';
import { nodeNameFault } from '../../message/names.ts';
import { parseSubject } from '../../message/subject.ts';
import type { Method } from '../../methods/method.ts';

/** A message that may be accepted, or why it never can be; then with what could be read of it. */
export type Opened = { message: Message } | { fault: string; message?: Message };

interface Envelope {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** The two headers that say how the payload is written; '' where they are absent. */
  readonly serial: string;
  readonly cmp: string;
  /** Told how much came out of a compressed payload, bytes. */
  onUnpacked?(bytes: number): void;
}

/**
 * Decodes a payload and holds it against the subject that it came on: the subject decides what is allowed, so
 * a payload that names another method or node is refused (fault 19).
 */
export function decodeArrival(
  arrival: Envelope,
  options: { method: Method; maxBytes: number; ofMethod?: number | undefined },
): Opened {
  const message = decode(arrival, options);
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

/** Why a message is refused that is too large, with the size that this node takes. */
export function tooLarge(maxBytes: number): string {
  return `the message is larger than this node takes (maxMessageMB: ${maxBytes / 1024 / 1024})`;
}

function decode(
  { payload, ...written }: Envelope,
  { method, maxBytes, ofMethod = maxBytes }: Parameters<typeof decodeArrival>[1],
): Message | string {
  try {
    return decodeMessage(payload, { ...written, maxBytes: Math.min(maxBytes, ofMethod) });
  } catch (error) {
    if (error instanceof MessageError && error.code === 'too-large')
      return ofMethod < maxBytes
        ? `a ${method.name} of another node may have ${ofMethod / 1024} kB here`
        : tooLarge(maxBytes);
    return `the payload cannot be read: ${(error as Error).message}`;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
