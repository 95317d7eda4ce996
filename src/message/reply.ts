import { MAX_MESSAGE_DEPTH } from './fields.ts';
import { type Message, newMessage } from './message.ts';

/** Where a reply begins: the node that answers, and how long a method may run where the request does not say (s). */
export interface ReplyOptions {
  readonly nodeName: string;
  readonly defaultMethodTimeout: number;
}

/**
 * The reply to a request, as the reference builds it: sent back under the request's reply method, with the
 * request (without its data) as previous message. Undefined where the sender wants none (REQNone).
 *
 * A request that is itself a reply was run by the node that wanted it, so its result stays there: the previous
 * message has the two nodes swapped, and the reply goes from the node that replied first to this one.
 */
export function replyTo(request: Message, data: Uint8Array[], options: ReplyOptions): Message | undefined {
  const replyMethod = request.replyMethod || 'REQToFileAppend';
  if (replyMethod === 'REQNone') return undefined;
  const previousMessage = { ...withinDepth(request, MAX_MESSAGE_DEPTH - 1), data: null, replyMethod };
  if (request.isReply) {
    previousMessage.toNode = request.fromNode;
    previousMessage.fromNode = options.nodeName;
  }
  return newMessage({
    toNode: previousMessage.fromNode,
    fromNode: request.isReply ? request.fromNode : options.nodeName,
    data,
    method: replyMethod,
    methodArgs: request.replyMethodArgs,
    isReply: true,
    ackTimeout: request.replyAckTimeout || request.ackTimeout,
    retries: request.replyRetries || request.retries,
    methodTimeout: request.replyMethodTimeout || options.defaultMethodTimeout,
    directory: request.directory,
    fileName: request.fileName,
    previousMessage,
  });
}

/** The message without those previous messages that would make it deeper than this. */
function withinDepth(message: Message, depth: number): Message {
  if (message.previousMessage === null) return message;
  return { ...message, previousMessage: depth > 1 ? withinDepth(message.previousMessage, depth - 1) : null };
}
