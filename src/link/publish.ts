import { wireSubject } from '../message/subject.ts';
import type { Next, Sent } from './way-out.ts';

/** What publishes: false where there is no connection, and then nothing was sent. */
export interface Publisher {
  publish(
    subject: string,
    payload: Uint8Array,
    more: { reply?: string; headers: Readonly<Record<string, string>> },
  ): boolean;
}

/** The end of the way out: hands messages to the broker until it cannot. */
export function publish(publisher: Publisher): Next {
  return (messages) => {
    const sent: Sent[] = [];
    for (const { subject, payload, reply, headers } of messages) {
      if (!publisher.publish(wireSubject(subject), payload, reply ? { reply, headers } : { headers })) break;
      sent.push({ bytes: payload.length, wholeBytes: payload.length });
    }
    return sent;
  };
}
