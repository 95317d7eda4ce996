import type { Message } from '../message/message.ts';
import { copyIdOf, copyOf, isRelayedReply } from './copy-reply.ts';
import { replyKeyOf } from './reply-key.ts';

interface Incoming {
  readonly id: string;
  readonly message: Message;
}

/** A copy that is to be queued. */
export interface ReplyCopy {
  readonly id: string;
  readonly message: Message;
  /** Connected time within which it is to be delivered, ms; undefined means as long as it lives. */
  readonly budgetMs?: number;
}

export interface ReplyCopiesDeps {
  /** Whether this node relayed a request with this key. */
  wasRelayed(replyKey: string): boolean;
  /** Whether a message with this id was ever queued. */
  wasQueued(id: string): boolean;
  /** Queues messages in one transaction. */
  queue(copies: readonly ReplyCopy[]): Promise<void>;
  reportError(text: string, about: Message): void;
}

/**
 * Makes the function that is given replies before they are accepted: it queues copies of those to relayed requests,
 * for the nodes that asked. When it rejects, the replies must not be accepted, and come again.
 *
 * The copies are on disk first and the replies are accepted then, and a copy's id follows from its reply's: after a
 * crash between the two, the reply comes again, and is not copied again.
 */
export function createReplyCopies(
  { nodeName }: { nodeName: string },
  deps: ReplyCopiesDeps,
): (replies: readonly Incoming[]) => Promise<void> {
  return async (replies) => {
    const copies = replies.flatMap((reply) => {
      if (!isRelayedReply(reply.message, nodeName)) return [];
      return toCopy(reply, deps) ?? [];
    });
    if (copies.length > 0) await deps.queue(copies);
  };
}

function toCopy(reply: Incoming, deps: ReplyCopiesDeps): ReplyCopy | undefined {
  const { message } = reply;
  const request = message.previousMessage!;
  const { relayFromNode, relayToNode, relayReplyMethod, replyRetries } = request;
  if (
    message.fromNode !== relayToNode ||
    request.toNode !== relayToNode ||
    !deps.wasRelayed(replyKeyOf(request))
  ) {
    const text = `error: a reply from ${message.fromNode} was not sent on to ${relayFromNode}: no request of that kind was relayed here`;
    deps.reportError(text, message);
    return undefined;
  }
  const copy = copyOf(message, request);
  const id = copyIdOf(reply);
  if (!copy || deps.wasQueued(id)) return undefined;
  if (relayReplyMethod === '') {
    const text = `error: no relayReplyMethod was given for ${request.method} by ${relayFromNode}: the reply goes there with ${copy.method}`;
    deps.reportError(text, message);
  }
  // Only what the asker said limits how long a result is kept.
  return {
    id,
    message: copy,
    ...(replyRetries > 0 ? { budgetMs: copy.retries * copy.ackTimeout * 1000 } : {}),
  };
}
