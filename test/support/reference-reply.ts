import { type Message, newMessage } from '../../src/message/message.ts';

const DEFAULT_METHOD_TIMEOUT = 10;

/**
 * The reply that the reference builds to a request, or undefined where none is wanted (REQNone). Written here a
 * second time, apart from the program's own, so that the two are held against each other.
 */
export function referenceReply(request: Message, data: Uint8Array[]): Message | undefined {
  if (request.replyMethod === 'REQNone') return undefined;
  const method = request.replyMethod === '' ? 'REQToFileAppend' : request.replyMethod;
  return newMessage({
    toNode: request.fromNode,
    fromNode: request.toNode,
    data,
    method,
    methodArgs: request.replyMethodArgs,
    isReply: true,
    ackTimeout: request.replyAckTimeout === 0 ? request.ackTimeout : request.replyAckTimeout,
    retries: request.replyRetries === 0 ? request.retries : request.replyRetries,
    methodTimeout: request.replyMethodTimeout === 0 ? DEFAULT_METHOD_TIMEOUT : request.replyMethodTimeout,
    directory: request.directory,
    fileName: request.fileName,
    previousMessage: { ...request, data: null, replyMethod: method },
  });
}
