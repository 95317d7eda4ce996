import type { TrustConfig } from '../config/trust-config.ts';
import type { Message } from '../message/message.ts';
import { HARMLESS_REPLIES } from '../message/reply-methods.ts';

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

function replyFault({ replyMethod, relayReplyMethod, relayViaNode: via }: Message, { trust }: Here) {
  const fields = { replyMethod, relayReplyMethod };
  for (const [field, method] of Object.entries(fields)) {
    const isOfVia = via !== '' && field === 'replyMethod';
    const way = HARMLESS_REPLIES.has(method) ? undefined : replyWay(method, isOfVia, trust.replyCommands);
    if (way !== undefined)
      return { field, reason: `${field} ${method} is not taken in a closed fleet: ${way}` };
  }
  return undefined;
}

/** What to do in place of a reply method that is not taken; undefined where it is. */
function replyWay(method: string, isOfVia: boolean, replyCommands: boolean): string | undefined {
  if (isOfVia)
    return `a node that relays only keeps replies: use REQToFile, and ${method} as relayReplyMethod`;
  if (method === 'REQToSocket') return undefined;
  if (method !== 'REQCliCommand')
    return 'use REQToFile, REQToFileAppend, REQToConsole, REQToSocket, REQPong or REQNone';
  return replyCommands
    ? undefined
    : 'start central with -replyCommands if its replies are to be commands, or use REQToFile';
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
