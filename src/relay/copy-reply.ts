import { createHash } from 'node:crypto';
import { isUuid } from '../lib/uuid.ts';
import { type Message, newMessage } from '../message/message.ts';
import { canonicalMethod } from '../message/names.ts';

/** Whether a message is the reply to one that this node has relayed, by its own account. */
export function isRelayedReply({ isReply, previousMessage }: Message, nodeName: string): boolean {
  return isReply && previousMessage !== null && previousMessage.relayOriginalViaNode === nodeName;
}

/**
 * The copy of a relayed request's reply for the node that asked, as the reference builds it; undefined where that
 * wants none (REQNone). All but the data comes from the request, which the caller has recognised.
 */
export function copyOf(reply: Message, request: Message): Message | undefined {
  const method = request.relayReplyMethod || request.replyMethod || 'REQToFileAppend';
  if (method === 'REQNone') return undefined;
  return newMessage({
    toNode: request.relayFromNode,
    fromNode: request.relayToNode,
    data: reply.data,
    method,
    methodArgs: request.replyMethodArgs,
    isReply: true,
    ackTimeout: reply.ackTimeout,
    retries: reply.retries,
    methodTimeout: reply.methodTimeout,
    directory: request.directory,
    fileName: request.fileName,
    previousMessage: {
      ...request,
      // A file that the relay fetched it copied as its own.
      ...{ toNode: request.relayToNode, method: canonicalMethod(request.relayOriginalMethod) },
      relayOriginalViaNode: '',
    },
  });
}

/**
 * The id of a reply's copy: the same whenever it is asked for, so that a reply that comes again after a crash is not
 * copied again. It keeps the time of the reply's id. A reply without an id (from a reference node) gets a new one.
 */
export function copyIdOf(
  reply: { readonly id: string; readonly message: Message },
  newId: () => string,
): string {
  if (!isUuid(reply.id.toLowerCase())) return newId();
  const hash = createHash('sha256').update(`${reply.message.fromNode} ${reply.id}`).digest('hex');
  return `${reply.id.slice(0, 13).toLowerCase()}-7${hash.slice(0, 3)}-a${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}
