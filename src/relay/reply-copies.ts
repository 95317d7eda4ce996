import type { Message } from '../message/message.ts';
import type { Incoming } from '../message/method-contract.ts';
import { copyIdOf, copyOf, isRelayedReply } from './copy-reply.ts';
import { replyKeyOf } from './reply-key.ts';

/** A copy that is to be queued. */
export interface ReplyCopy {
  readonly id: string;
  readonly message: Message;
  /** Connected time within which it is to be delivered, ms; undefined means as long as it lives. */
  readonly budgetMs?: number;
}

/** What is known here of relayed requests and of what was queued. */
export interface ReplyCopiesDeps {
  readonly nodeName: string;
  newId(): string;
  /** Whether this node relayed a request with this key. */
  wasRelayed(replyKey: string): boolean;
  /** Whether a message with this id was ever queued. */
  readonly ledger: { has(id: string): boolean };
}

/** Copies to queue, and what is wrong with replies of which there is none, or an unasked-for one. */
export interface ReplyCopies {
  readonly copies: readonly ReplyCopy[];
  readonly faults: readonly { readonly text: string; readonly about: Message }[];
}

/** Which copies of these replies go to the nodes that asked for what they answer. */
export function replyCopies(replies: readonly Incoming[], deps: ReplyCopiesDeps): ReplyCopies {
  const faults: { text: string; about: Message }[] = [];
  const copies = replies.flatMap((reply) => {
    if (!isRelayedReply(reply.message, deps.nodeName)) return [];
    return toCopy(reply, deps, faults) ?? [];
  });
  return { copies, faults };
}

function toCopy(
  reply: Incoming,
  deps: ReplyCopiesDeps,
  faults: { text: string; about: Message }[],
): ReplyCopy | undefined {
  const { message } = reply;
  const request = message.previousMessage!;
  const { relayFromNode, relayToNode, relayReplyMethod, replyRetries } = request;
  // A file that was fetched for it this node copies itself.
  const by = request.toNode === deps.nodeName ? deps.nodeName : relayToNode;
  if (message.fromNode !== by || request.toNode !== by || !deps.wasRelayed(replyKeyOf(request))) {
    const text = `error: a reply from ${message.fromNode} was not sent on to ${relayFromNode}: no request of that kind was relayed here`;
    faults.push({ text, about: message });
    return undefined;
  }
  const copy = copyOf(message, request);
  const id = copyIdOf(reply, deps.newId);
  if (!copy || deps.ledger.has(id)) return undefined;
  if (relayReplyMethod === '') {
    const text = `error: no relayReplyMethod was given for ${request.method} by ${relayFromNode}: the reply goes there with ${copy.method}`;
    faults.push({ text, about: message });
  }
  // Only what the asker said limits how long a result is kept.
  return {
    id,
    message: copy,
    ...(replyRetries > 0 ? { budgetMs: copy.retries * copy.ackTimeout * 1000 } : {}),
  };
}
