import type { Message } from '../message/message.ts';
import type { Forwarded, Incoming } from '../message/method-contract.ts';
import { canonicalMethod } from '../message/names.ts';
import { type RelayedFile, readRelayedFile, writeRelayedFile } from '../message/relayed-file.ts';
import { describeBytes } from '../methods/copy/copy-progress.ts';
import type { ForwardMethod } from '../methods/method.ts';
import { budgetOf, type RelayOptions } from './relay-budget.ts';
import { relayFieldsFault } from './relay-fault.ts';
import { replyKeyOf } from './reply-key.ts';

/**
 * REQRelay (EventACK, between nodes, with -startSubREQRelay): sends a message of one node to another.
 *
 * It comes on the subject `<relayToNode>.<this node>.REQRelay.EventACK`, so that the broker's permissions can say who
 * may reach whom. The original message goes to relayToNode as this node's own, and REQRelay ends as that ends. Its
 * replies come here, and copies of them go to relayFromNode (reply-copies.ts). Refused are loops, relays of relays,
 * names that can't be, a subject that does not fit the fields, and a file that is larger than what this node keeps.
 */
export function createReqRelay(options: RelayOptions): ForwardMethod {
  return {
    name: 'REQRelay',
    kind: 'EventACK',
    mode: 'forward',
    summary: 'Sends a message of one node to another node.',
    args: [],
    isForPeople: false,
    check: (message) =>
      relayFieldsFault(message) ?? checkPlace(message, options.nodeName) ?? checkFile(message, options),
    forward: (incoming) => toOriginal(incoming, options),
  };
}

function checkPlace(message: Message, nodeName: string): string | undefined {
  const { toNode, relayToNode, relayOriginalViaNode } = message;
  if (relayOriginalViaNode !== nodeName) {
    return `relayOriginalViaNode is ${relayOriginalViaNode}, but this is ${nodeName}`;
  }
  if (toNode === `${relayToNode}.${nodeName}`) return undefined;
  return `relayToNode is ${relayToNode}, but the message is for ${toNode}`;
}

function checkFile(message: Message, { nodeName, keepBytes }: RelayOptions): string | undefined {
  const { size, node } = fileToFetch(message) ?? { size: 0, node: message.relayToNode };
  // Whoever may reach one node by way of this one gets at no other, and not at this.
  if (node !== message.relayToNode)
    return `relayToNode is ${message.relayToNode}, but the file is for ${node}`;
  if (size <= keepBytes) return undefined;
  const most = describeBytes(keepBytes);
  return `the file has ${describeBytes(size)}, and ${nodeName} keeps ${most} at most of what it relays (relayKeepMB)`;
}

function toOriginal(
  { id, message: relay, isFromOriginal = false }: Incoming,
  options: RelayOptions,
): Forwarded {
  const { nodeName } = options;
  const timed = { ...relay, ackTimeout: relay.ackTimeout > 0 ? relay.ackTimeout : options.defaultAckTimeout };
  const original: Message = {
    ...timed,
    toNode: relay.relayToNode,
    fromNode: nodeName,
    method: canonicalMethod(relay.relayOriginalMethod),
    retries: relay.retries > 0 ? relay.retries : options.defaultRetries,
  };
  const file = fileToFetch(relay);
  const message = file ? { ...original, ...ownCopy(file, id), toNode: nodeName } : original;
  return { message, replyKey: replyKeyOf(message), ...budgetOf(timed, isFromOriginal) };
}

function fileToFetch(relay: Message): RelayedFile | undefined {
  return canonicalMethod(relay.relayOriginalMethod) === 'REQCopyFileTo' ? readRelayedFile(relay) : undefined;
}

/** A file that this node fetches it copies on, as one of its own. */
function ownCopy(file: RelayedFile, request: string): Pick<Message, 'method' | 'methodArgs'> {
  return { method: 'REQCopyFileFrom', methodArgs: writeRelayedFile({ ...file, request }) };
}
