import type { Message } from '../message/message.ts';

/**
 * A message with relayViaNode as the node sends it to itself: REQRelayInitial, with what was asked for in the relay
 * fields. `retries` stays empty where the submitter gave none, so that the next node sees that.
 */
export function toRelayInitial(message: Message, hasBudget: boolean): Message {
  return {
    ...message,
    toNode: message.fromNode,
    method: 'REQRelayInitial',
    retries: hasBudget ? message.retries : 0,
    relayViaNode: '',
    relayOriginalViaNode: message.relayViaNode,
    relayFromNode: message.fromNode,
    relayToNode: message.toNode,
    relayOriginalMethod: message.method,
  };
}
