import type { Message } from '../message/message.ts';
import type { Forwarded } from '../message/method-contract.ts';
import type { CopySource } from '../methods/copy/copy-source.ts';

export interface RelayOptions {
  readonly nodeName: string;
  /** For messages that do not say: seconds, and times. */
  readonly defaultAckTimeout: number;
  readonly defaultRetries: number;
  /** Opens a file of this node that is copied. */
  openSource(path: string): Promise<CopySource>;
  /** Whether a node has told that it fetches files that it is to relay. */
  fetchesFiles(via: string): Promise<boolean>;
  /** How much this node keeps of what it relays, bytes. */
  readonly keepBytes: number;
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
