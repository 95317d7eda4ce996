import type { BusMessage } from '../bus/bus.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decodeMessage } from '../message/decode-message.ts';
import { nodeNameFault } from '../message/names.ts';
import { HEADER } from '../message/wire-headers.ts';
import type { Logger } from '../observe/logger.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { NodePresence } from './presence.ts';

/** A hello is small; what is larger is none. */
const MAX_HELLO_BYTES = 64 * 1024;

interface NoteHelloDeps {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly observation: { readonly presence: Pick<NodePresence, 'saidHello'> };
}

/** Takes note of the node that said hello: what waits for it goes on at once, and the node list shows it. */
export function noteHello(message: BusMessage, { outbox, ledger, logger, observation }: NoteHelloDeps): void {
  try {
    const { fromNode } = decodeMessage(message.payload, {
      serial: message.header(HEADER.serial) ?? '',
      cmp: message.header(HEADER.compression) ?? '',
      maxBytes: MAX_HELLO_BYTES,
    });
    if (nodeNameFault(fromNode)) return;
    const about = message.header(HEADER.hello);
    outbox.alive(fromNode, { speaksLanes: about !== undefined });
    observation.presence.saidHello(fromNode, about);
    ledger
      .noteNode(fromNode, about)
      .catch((error) => logger.warn({ err: error }, 'the node list could not be written'));
  } catch {
    // The journal gets the same message, and says what is wrong with it.
  }
}
