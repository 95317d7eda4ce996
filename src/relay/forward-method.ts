import type { Kind } from '../message/kind.ts';
import type { Message } from '../message/message.ts';

/** What becomes of a request that goes on to another node. */
export interface Forwarded {
  readonly message: Message;
  /** Connected time within which it is to be delivered, ms; undefined means as long as it lives. */
  readonly budgetMs?: number;
  /** By this the replies to it are known again. */
  readonly replyKey?: string;
}

/** A method whose requests go on as another message; methods/method.ts is the full contract. */
export interface ForwardMethod {
  readonly name: string;
  readonly kind: Kind;
  readonly mode: 'forward';
  readonly summary: string;
  /** These travel among nodes only, so nobody needs a description of their fields. */
  readonly args: readonly never[];
  readonly isForPeople: false;
  check(message: Message): string | undefined;
  forward(incoming: { readonly id: string; readonly message: Message }): Forwarded;
}

export interface RelayOptions {
  readonly nodeName: string;
  /** For messages that do not say: seconds, and times. */
  readonly defaultAckTimeout: number;
  readonly defaultRetries: number;
}

/**
 * How long a relayed message may take to its next node. Our origin leaves `retries` empty where the submitter gave
 * none, and a reference node, whose messages have no id, then says 1: neither is a budget.
 */
export function budgetOf(
  { retries, ackTimeout }: Message,
  isFromReference: boolean,
): Pick<Forwarded, 'budgetMs'> {
  const isSaid = retries > (isFromReference ? 1 : 0);
  return isSaid ? { budgetMs: retries * ackTimeout * 1000 } : {};
}
