/**
 * A request or a reply, as it travels between nodes and as methods see it.
 *
 * Lists are `null` where the sender left them out: the wire keeps that apart from an empty list.
 * Times are seconds, as on the wire. `id` is the reference's field, which it never fills.
 */
export interface Message {
  toNode: string;
  toNodes: string[] | null;
  id: number;
  data: Uint8Array[] | null;
  method: string;
  methodArgs: string[] | null;
  replyMethod: string;
  replyMethodArgs: string[] | null;
  isReply: boolean;
  fromNode: string;
  ackTimeout: number;
  retries: number;
  replyAckTimeout: number;
  replyRetries: number;
  methodTimeout: number;
  replyMethodTimeout: number;
  directory: string;
  fileName: string;
  previousMessage: Message | null;
  relayViaNode: string;
  relayOriginalViaNode: string;
  relayFromNode: string;
  relayToNode: string;
  relayOriginalMethod: string;
  relayReplyMethod: string;
}

/** A message whose fields are all empty; give the fields that matter. */
export function newMessage(fields: Partial<Message>): Message {
  // Engines make it at once where nothing is spread in it.
  const message: Message = {
    toNode: '',
    toNodes: null,
    id: 0,
    data: null,
    method: '',
    methodArgs: null,
    replyMethod: '',
    replyMethodArgs: null,
    isReply: false,
    fromNode: '',
    ackTimeout: 0,
    retries: 0,
    replyAckTimeout: 0,
    replyRetries: 0,
    methodTimeout: 0,
    replyMethodTimeout: 0,
    directory: '',
    fileName: '',
    previousMessage: null,
    relayViaNode: '',
    relayOriginalViaNode: '',
    relayFromNode: '',
    relayToNode: '',
    relayOriginalMethod: '',
    relayReplyMethod: '',
  };
  return Object.assign(message, fields);
}
