import { hash } from 'node:crypto';
import type { Message } from './message.ts';

/**
 * A digest of all that decides what becomes of the reply to a request, and where: whoever is asked can thus not make the
 * node that asked do anything else with its reply.
 */
export function replyDigestOf(request: Message): string {
  const isRelayed = request.method === 'REQRelay';
  return digest({
    toNode: isRelayed ? request.relayToNode : request.toNode,
    asked: isRelayed ? request.relayOriginalMethod : request.method,
    method: (isRelayed && request.relayReplyMethod) || request.replyMethod || 'REQToFileAppend',
    directory: request.directory,
    fileName: request.fileName,
    args: request.replyMethodArgs,
  });
}

/** The same digest as a reply has it, by what it says of its request; undefined where it names none. */
export function digestOfReply(reply: Message): string | undefined {
  const { previousMessage, method, directory, fileName, methodArgs } = reply;
  if (!reply.isReply || previousMessage === null) return undefined;
  const { toNode, method: asked } = previousMessage;
  return digest({ toNode, asked, method, directory, fileName, args: methodArgs });
}

function digest(fields: {
  readonly toNode: string;
  readonly asked: string;
  readonly method: string;
  readonly directory: string;
  readonly fileName: string;
  readonly args: readonly string[] | null;
}): string {
  const { toNode, asked, method, directory, fileName, args } = fields;
  // Absent and empty lists are the same in one of the wire's two forms.
  const values = [toNode, asked, method, directory, fileName, args ?? []];
  const text = JSON.stringify(values);
  const known = digests.get(text);
  if (known !== undefined) return known;
  const made = hash('sha256', text, 'base64url').slice(0, 32);
  if (digests.size >= MOST_DIGESTS) digests.clear();
  if (text.length <= MAX_KEPT) digests.set(text, made);
  return made;
}

/** Requests that are sent together mostly have one place for their replies: the digest would be a part of what they cost. */
const digests = new Map<string, string>();
const MOST_DIGESTS = 1000;
const MAX_KEPT = 1000;
