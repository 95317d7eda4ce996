import type { Message } from '../message/message.ts';
import type { Forwarded } from '../message/method-contract.ts';
import type { ForwardMethod } from '../methods/method.ts';
import { readRelayedFile } from './read-relayed-file.ts';
import { budgetOf, type RelayOptions } from './relay-budget.ts';
import { relayFieldsFault } from './relay-fault.ts';

/**
 * REQRelayInitial (EventACK, from a node to itself): the first step of a message that travels via another node.
 *
 * The relay fields say what is meant. It goes on as REQRelay on the subject `<relayToNode>.<via>.REQRelay.EventACK`,
 * and ends as that ends. Data that the reference would lose here is kept; where there is none, it sends one empty
 * item, and so does this. Refused where the fields are not those that a node writes for itself. A REQCopyFileFrom brings
 * the file of this node along: it fails where that cannot be read.
 */
export function createReqRelayInitial({ nodeName, openSource }: RelayOptions): ForwardMethod {
  return {
    name: 'REQRelayInitial',
    kind: 'EventACK',
    mode: 'forward',
    summary: 'Sends a message on its way via another node.',
    args: [],
    isForPeople: false,
    check: (message) => checkOwn(message, nodeName) ?? relayFieldsFault(message),
    ready: (message) => readRelayedFile(message, openSource),
    forward: ({ message }) => toRelay(message),
  };
}

function checkOwn({ fromNode }: Message, nodeName: string): string | undefined {
  if (fromNode === nodeName) return undefined;
  return `it is from ${fromNode}, and ${nodeName} sends such messages to itself only`;
}

function toRelay(initial: Message): Forwarded {
  const message: Message = {
    ...initial,
    toNode: `${initial.relayToNode}.${initial.relayOriginalViaNode}`,
    method: 'REQRelay',
    data: initial.data ?? [new Uint8Array(0)],
  };
  return { message, ...budgetOf(message, false) };
}
