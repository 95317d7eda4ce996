import type { Config } from '../config/config.ts';
import type { JournalDeps } from '../journal/journal-deps.ts';
import { createReplyCopies } from '../relay/reply-copies.ts';
import { createReqRelay } from '../relay/req-relay.ts';
import { createReqRelayInitial } from '../relay/req-relay-initial.ts';
import type { NodeParts } from './build-node.ts';
import type { OwnMessages } from './own-messages.ts';

/** The methods by which messages travel via another node. */
export function createRelayMethods(config: Config) {
  const options = {
    nodeName: config.nodeName,
    defaultAckTimeout: config.defaultMessageTimeoutSeconds,
    defaultRetries: config.defaultMessageRetries,
  };
  return [createReqRelayInitial(options), createReqRelay(options)];
}

/** What the journal needs for requests that go on to other nodes; `wasRelayed` asks the journal itself. */
export function relayingDeps(
  config: Config,
  { ledger, outbox, reporter }: Pick<NodeParts, 'ledger' | 'outbox' | 'reporter'>,
  { own, wasRelayed }: { own: OwnMessages; wasRelayed(replyKey: string): boolean },
): Pick<JournalDeps, 'forward' | 'cancelForwarded' | 'beforeAccepted'> {
  return {
    forward: (forwarded, request, alongside) => own.forward(forwarded, request, alongside),
    cancelForwarded: async (id) => {
      const toNode = ledger.receiverOf(id);
      if (toNode !== undefined) await own.cancel(toNode, [id]);
      await outbox.cancel({ id }, 'cancelled before it was delivered');
    },
    beforeAccepted: createReplyCopies(config, {
      wasRelayed,
      wasQueued: (id) => ledger.has(id),
      queue: (copies) => own.copies(copies),
      reportError: (text, about) => reporter.error(text, about),
    }),
  };
}
