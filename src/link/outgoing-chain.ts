import { askBriefly, briefHeaders } from '../message/codec/brief.ts';
import type { Compression } from '../message/codec/compression.ts';
import { SentDictionaries } from '../message/codec/dictionaries.ts';
import { type Addresses, address } from './address.ts';
import { compress } from './compress.ts';
import { encode } from './encode.ts';
import { join } from './join.ts';
import { makeLean } from './make-lean.ts';
import { type Publisher, publish } from './publish.ts';
import { split } from './split.ts';
import { type Next, type Wrapper, wayOut } from './way-out.ts';

/** The steps that every message takes to the broker. Signing and encryption have their place before `split`. */
export function outgoingChain(
  { compression }: { readonly compression: Compression },
  broker: Publisher & { readonly maxPayload: number },
  addresses?: Addresses,
  now = () => 0,
): Next {
  const steps = [
    makeLean(),
    encode(),
    ...(addresses ? [address(addresses)] : []),
    join(broker, new SentDictionaries(now)),
    compress(compression),
    split(broker),
    shorten(),
  ];
  return wayOut(steps, publish(broker));
}

/** Makes the headers of messages one where their target reads that, and asks for answers of the same kind. */
function shorten(): Wrapper {
  return (messages, next) =>
    next(
      messages.map((message) => {
        const { isBrief, headers, reply } = message;
        return isBrief ? { ...message, headers: briefHeaders(headers), reply: askBriefly(reply) } : message;
      }),
    );
}
