import type { Issue } from '../message/codec/read-fields.ts';
import type { Message } from '../message/message.ts';
import { methodNameFault, nodeNameFault } from '../message/names.ts';

/** What travels between nodes only, and what nobody answers. */
const NOT_RELAYED: ReadonlyMap<string, string> = new Map([
  ['REQRelay', 'relaying goes through one node only'],
  ['REQRelayInitial', 'relaying goes through one node only'],
  ['REQReport', 'reports go to the node that asked'],
  ['REQHello', 'a hello is not answered, so nobody could tell whether it came'],
]);

/** Why a submitted message can't be relayed as it asks for, or must not be sent at all. */
export function relayFault(message: Message, nodeName: string): Issue | undefined {
  const { method, relayViaNode, relayReplyMethod, toNode } = message;
  if (method === 'REQRelay' || method === 'REQRelayInitial') {
    const reason = `${method} is what nodes send for relayed messages: give the method that is meant, and relayViaNode`;
    return { field: 'method', reason };
  }
  if (relayViaNode === '') return undefined;
  if (relayViaNode === nodeName) {
    return {
      field: 'relayViaNode',
      reason: `relayViaNode is this node itself: leave it out, ${nodeName} sends to ${toNode} directly`,
    };
  }
  if (relayViaNode === toNode) {
    return {
      field: 'relayViaNode',
      reason: `relayViaNode is ${toNode} itself: leave it out, or name another`,
    };
  }
  const fault = notRelayed('method', method);
  return fault ?? notRelayed('relayReplyMethod', relayReplyMethod);
}

/** What a submitter should know of a message that is relayed none the less. */
export function relayWarnings({ relayViaNode, relayReplyMethod, replyMethod }: Message): Issue[] {
  if (relayViaNode === '') return [];
  if (replyMethod === 'REQNone') {
    if (relayReplyMethod === '' || relayReplyMethod === 'REQNone') return [];
    const reason = `with the replyMethod REQNone no reply is sent at all, so none comes here for ${relayReplyMethod}`;
    return [{ field: 'relayReplyMethod', reason }];
  }
  if (relayReplyMethod !== '') return [];
  const used = replyMethod || 'REQToFileAppend';
  const reason = `relayReplyMethod is missing: the reply is handled here by ${used} too`;
  return [{ field: 'relayReplyMethod', reason }];
}

/** Why the relay fields of a message between nodes make no sense, as a sentence, or undefined. */
export function relayFieldsFault(message: Message): string | undefined {
  const { relayFromNode, relayToNode, relayOriginalViaNode, relayViaNode } = message;
  const nodes = { relayFromNode, relayToNode, relayOriginalViaNode };
  for (const [field, name] of Object.entries(nodes)) {
    const fault = nodeNameFault(name);
    if (fault) return `${field} ${fault}`;
  }
  if (relayViaNode !== '') return 'relayViaNode is set, and relaying goes through one node only';
  if (relayFromNode !== message.fromNode) {
    return `relayFromNode is ${relayFromNode}, but the message is from ${message.fromNode}`;
  }
  if (relayOriginalViaNode === relayToNode) return `a loop: ${relayToNode} is to relay to itself`;
  if (relayOriginalViaNode === relayFromNode) return `a loop: ${relayFromNode} is to relay for itself`;
  return methodFault('relayOriginalMethod', message.relayOriginalMethod) ?? replyMethodFault(message);
}

function replyMethodFault({ relayReplyMethod }: Message): string | undefined {
  return relayReplyMethod === '' ? undefined : methodFault('relayReplyMethod', relayReplyMethod);
}

function methodFault(field: string, name: string): string | undefined {
  const fault = methodNameFault(name);
  return fault ? `${field} ${fault}` : notRelayed(field, name)?.reason;
}

function notRelayed(field: string, method: string): Issue | undefined {
  const why = NOT_RELAYED.get(method);
  return why === undefined ? undefined : { field, reason: `${field} ${method} can't be relayed: ${why}` };
}
