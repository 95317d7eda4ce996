import type { Message } from './message.ts';

/** What a field holds: `strings` is a list of text, `bytes` a list of byte strings. */
export type FieldType = 'string' | 'int' | 'bool' | 'strings' | 'bytes' | 'message';

/** One field of a message under each of its names: ours, that of JSON, and that of the reference's gob. */
export interface MessageField {
  readonly key: keyof Message;
  readonly json: string;
  readonly go: string;
  readonly type: FieldType;
}

/** Every field of a message, in wire order: CBOR counts them by position, gob by number, JSON prints them so. */
export const MESSAGE_FIELDS: readonly MessageField[] = [
  { key: 'toNode', json: 'toNode', go: 'ToNode', type: 'string' },
  { key: 'toNodes', json: 'toNodes', go: 'ToNodes', type: 'strings' },
  { key: 'id', json: 'id', go: 'ID', type: 'int' },
  { key: 'data', json: 'data', go: 'Data', type: 'bytes' },
  { key: 'method', json: 'method', go: 'Method', type: 'string' },
  { key: 'methodArgs', json: 'methodArgs', go: 'MethodArgs', type: 'strings' },
  { key: 'replyMethod', json: 'replyMethod', go: 'ReplyMethod', type: 'string' },
  { key: 'replyMethodArgs', json: 'replyMethodArgs', go: 'ReplyMethodArgs', type: 'strings' },
  { key: 'isReply', json: 'isReply', go: 'IsReply', type: 'bool' },
  { key: 'fromNode', json: 'FromNode', go: 'FromNode', type: 'string' },
  { key: 'ackTimeout', json: 'ACKTimeout', go: 'ACKTimeout', type: 'int' },
  { key: 'retries', json: 'retries', go: 'Retries', type: 'int' },
  { key: 'replyAckTimeout', json: 'replyACKTimeout', go: 'ReplyACKTimeout', type: 'int' },
  { key: 'replyRetries', json: 'replyRetries', go: 'ReplyRetries', type: 'int' },
  { key: 'methodTimeout', json: 'methodTimeout', go: 'MethodTimeout', type: 'int' },
  { key: 'replyMethodTimeout', json: 'replyMethodTimeout', go: 'ReplyMethodTimeout', type: 'int' },
  { key: 'directory', json: 'directory', go: 'Directory', type: 'string' },
  { key: 'fileName', json: 'fileName', go: 'FileName', type: 'string' },
  { key: 'previousMessage', json: 'PreviousMessage', go: 'PreviousMessage', type: 'message' },
  { key: 'relayViaNode', json: 'relayViaNode', go: 'RelayViaNode', type: 'string' },
  { key: 'relayOriginalViaNode', json: 'relayOriginalViaNode', go: 'RelayOriginalViaNode', type: 'string' },
  { key: 'relayFromNode', json: 'relayFromNode', go: 'RelayFromNode', type: 'string' },
  { key: 'relayToNode', json: 'relayToNode', go: 'RelayToNode', type: 'string' },
  { key: 'relayOriginalMethod', json: 'relayOriginalMethod', go: 'RelayOriginalMethod', type: 'string' },
  { key: 'relayReplyMethod', json: 'relayReplyMethod', go: 'RelayReplyMethod', type: 'string' },
];

/** How many messages may stand inside one another through `previousMessage`; deeper ones are refused. */
export const MAX_MESSAGE_DEPTH = 16;

/** How many items all lists of one message may have together; more are refused, to bound memory. */
export const MAX_LIST_ITEMS = 262_144;
