import type { TrustConfig } from '../config/trust-config.ts';
import type { Message } from '../message/message.ts';

/** What a reply may do in a closed fleet, besides being written to the sockets that its request names. */
const REPLY_METHODS: ReadonlySet<string> = new Set([
  ...['', 'REQNone', 'REQToFile', 'REQToFileAppend', 'REQToConsole', 'REQToSocket', 'REQPong'],
]);

interface Here {
  readonly nodeName: string;
  readonly centralNodeName: string;
  readonly trust: Pick<TrustConfig, 'mode' | 'replyCommands'>;
}

/** Why a message cannot have in a closed fleet what it asks for, with the way out; undefined where it can, or the fleet is open. */
export function submissionFault(
  message: Message,
  here: Here,
): { readonly field: string; readonly reason: string } | undefined {
  if (here.trust.mode !== 'closed') return undefined;
  return replyFault(message, here) ?? copyFault(message, here);
}

function replyFault({ replyMethod, relayReplyMethod }: Message, { trust }: Here) {
  const fields = { replyMethod, relayReplyMethod };
  for (const [field, method] of Object.entries(fields)) {
    if (REPLY_METHODS.has(method) || (method === 'REQCliCommand' && trust.replyCommands)) continue;
    const way =
      method === 'REQCliCommand'
        ? 'start central with -replyCommands if its replies are to be commands, or use REQToFile'
        : 'use REQToFile, REQToFileAppend, REQToConsole, REQToSocket, REQPong or REQNone';
    return { field, reason: `${field} ${method} is not taken in a closed fleet: ${way}` };
  }
  return undefined;
}

function copyFault(
  { method, toNode, methodArgs, relayViaNode }: Message,
  { nodeName, centralNodeName }: Here,
) {
  const target = methodArgs?.[1] ?? '';
  if (
    method !== 'REQCopyFileFrom' ||
    relayViaNode !== '' ||
    toNode === nodeName ||
    toNode === centralNodeName
  )
    return undefined;
  if (target === nodeName || target === toNode || target === '') return undefined;
  const way = `copy it to ${centralNodeName} first, and from there to ${target}`;
  return { field: 'methodArgs', reason: `${target} takes no files of ${toNode} in a closed fleet: ${way}` };
}
