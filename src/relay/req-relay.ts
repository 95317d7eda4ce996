import type { Message } from '../message/message.ts';
import type { Forwarded } from '../message/method-contract.ts';
import { canonicalMethod } from '../message/names.ts';
import type { ForwardMethod } from '../methods/method.ts';
import { budgetOf, type RelayOptions } from './relay-budget.ts';
import { relayFieldsFault } from './relay-fault.ts';
import { replyKeyOf } from './reply-key.ts';

/**
 * REQRelay (EventACK, between nodes, with -startSubREQRelay): sends a message of one node to another.
 *
 * It comes on the subject `<relayToNode>.<this node>.REQRelay.EventACK`, so that the broker's permissions can say who
 * may reach whom. The original message goes to relayToNode as this node's own, and REQRelay ends as that ends. Its
 * replies come here, and copies of them go to relayFromNode (reply-copies.ts). Refused are loops, relays of relays,
 * names that can't be, and a subject that does not fit the fields.
 */
export function createReqRelay(options: RelayOptions): ForwardMethod {
  return {
    name: 'REQRelay',
    kind: 'EventACK',
    mode: 'forward',
    summary: 'Sends a message of one node to another node.',
    args: [],
    isForPeople: false,
    check: (message) => relayFieldsFault(message) ?? checkPlace(message, options.nodeName),
    forward: ({ message, isFromOriginal = false }) => toOriginal(message, isFromOriginal, options),
  };
}

function checkPlace(message: Message, nodeName: string): string | undefined {
  const { toNode, relayToNode, relayOriginalViaNode } = message;
  if (relayOriginalViaNode !== nodeName) {
    return `relayOriginalViaNode is ${relayOriginalViaNode}, but this is ${nodeName}`;
  }
  if (toNode === `${relayToNode}.${nodeName}`) return undefined;
  return `relayToNode is ${relayToNode}, but the message is for ${toNode}`;
}

function toOriginal(relay: Message, isFromReference: boolean, options: RelayOptions): Forwarded {
  const timed = { ...relay, ackTimeout: relay.ackTimeout > 0 ? relay.ackTimeout : options.defaultAckTimeout };
  const message: Message = {
    ...timed,
    toNode: relay.relayToNode,
    fromNode: options.nodeName,
    method: canonicalMethod(relay.relayOriginalMethod),
    retries: relay.retries > 0 ? relay.retries : options.defaultRetries,
  };
  return { message, replyKey: replyKeyOf(message), ...budgetOf(timed, isFromReference) };
}
