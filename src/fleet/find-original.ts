import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../lib/clock.ts';
import { wait } from '../lib/wait.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { newMessage } from '../message/message.ts';

interface Question {
  /** The name, which is that of the node that asks, too. */
  readonly nodeName: string;
  /** Where the answer is to come. */
  readonly reply: string;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks by a ping whether an original node answers to a name: it knows no other question, and answers with a text alone. Where
 * nobody hears the ping that is known at once.
 */
export async function findOriginal(
  { nodeName, reply, patienceMs, signal }: Question,
  { bus, clock }: { readonly bus: Pick<Bus, 'publish' | 'subscribe'>; readonly clock: Pick<Clock, 'after'> },
): Promise<boolean> {
  const heard = new AbortController();
  let isThere = false;
  const subscription = bus.subscribe(reply, ({ noResponders, header }) => {
    isThere ||= !noResponders && header(HEADER.status) === undefined;
    if (isThere || noResponders) heard.abort();
  });
  const place = { directory: 'ping', fileName: 'ping.log' };
  const ping = newMessage({
    ...{ toNode: nodeName, fromNode: nodeName, method: 'REQPing', replyMethod: 'REQNone', ...place },
    ...{ ackTimeout: 10, retries: 1, methodTimeout: 10 },
  });
  const { payload } = encodeMessage(ping, { serialization: 'gob', compression: '' });
  if (bus.publish(`${nodeName}.REQPing.EventACK`, payload, { reply }))
    await wait(clock, patienceMs, AbortSignal.any([heard.signal, signal]));
  subscription[Symbol.dispose]();
  return isThere;
}
