/** A request of this node, as the ledger keeps it. */
export interface SentRequest {
  readonly id: string;
  readonly subject: string;
  /** Whether its node may still be at it, for all that is known here. */
  readonly isOpen: boolean;
  readonly format: number;
  /** Null where it is no longer kept. */
  readonly body: Uint8Array | null;
  /** The digest of where its reply goes, where that was written down. */
  readonly replyDigest: string | null;
}

/** A message that is queued, as it enters the ledger: replyDigest is null where it is not to be remembered. */
export type QueuedRow = readonly [
  key: number,
  id: string,
  batch: string | null,
  queuedAt: number,
  replyDigest: string | null,
];
