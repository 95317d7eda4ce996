import type { Message } from '../../src/message/message.ts';
import type { TestScope } from './dispose-after.ts';
import { type Received, type ReferencePeer, startReferencePeer } from './reference-peer.ts';

type PeerOptions = Parameters<typeof startReferencePeer>[0];

/**
 * Starts a stand-in for a reference node that relays: it sends what REQRelay asks for in its own name, and hands a copy of
 * each reply on to the node that the request is from.
 */
export async function startReferenceRelay(options: PeerOptions, scope?: TestScope): Promise<ReferencePeer> {
  const { node } = options;
  const own: ReferencePeer = await startReferencePeer(
    {
      ...options,
      acts: (received) => {
        options.acts?.(received);
        const copy = copyOf(received);
        if (copy) void own.publish(copy);
      },
    },
    scope,
  );
  const relays = (received: Received): void => {
    options.acts?.(received);
    const { message } = received;
    const { relayToNode: toNode, relayOriginalMethod: method } = message;
    void own.publish({ ...message, toNode, method, fromNode: node });
  };
  await startReferencePeer({ ...options, node: `*.${node}`, methods: ['REQRelay'], acts: relays }, scope);
  return own;
}

/** The message with which a reference node asks another one to relay a request. */
export function asRelayed(
  request: Message,
  { via, replyMethod }: { via: string; replyMethod: string },
): Message {
  return {
    ...request,
    ...{ toNode: `${request.toNode}.${via}`, method: 'REQRelay', relayFromNode: request.fromNode },
    ...{ relayToNode: request.toNode, relayOriginalViaNode: via, relayOriginalMethod: request.method },
    relayReplyMethod: replyMethod,
  };
}

/** What the node that a relayed request is from gets of a reply. */
function copyOf({ message }: Received): Message | undefined {
  const { previousMessage: asked, isReply, method } = message;
  if (!isReply || !asked?.relayFromNode || asked.relayOriginalViaNode === '') return undefined;
  return {
    ...message,
    ...{ toNode: asked.relayFromNode, method: asked.relayReplyMethod || method },
    previousMessage: { ...asked, relayOriginalViaNode: '' },
  };
}
