import type { Message } from './message.ts';
import { nodeNameFault } from './names.ts';

/**
 * The node that a message came from. FromNode says it, except in the copy of a relayed request's reply: that has the
 * FromNode of the node which replied, and comes from the one that relayed, whose request it was.
 */
export function senderOf({ fromNode, isReply, previousMessage, toNode }: Message): string {
  if (!isReply || previousMessage === null) return fromNode;
  const { relayFromNode, relayOriginalViaNode } = previousMessage;
  const isCopy = relayFromNode === toNode && relayOriginalViaNode === '';
  return isCopy && !nodeNameFault(previousMessage.fromNode) ? previousMessage.fromNode : fromNode;
}
