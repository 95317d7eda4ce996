import { parseSubject } from './subject.ts';

/** Which undelivered messages are meant; every condition that is given must hold. */
export interface QueueFilter {
  readonly id?: string;
  readonly node?: string;
  readonly method?: string;
  /** Queued at least so long ago. */
  readonly olderThanMs?: number;
}

/** An undelivered message, as lists show it. Times are unix ms. */
export interface QueuedMessage {
  readonly key: number;
  readonly id: string;
  readonly toNode: string;
  readonly method: string;
  readonly queuedAt: number;
  readonly isOnItsWay: boolean;
  /** Whether it was tried in vain alone: none of its attempts can have reached its target. */
  readonly isSurelyHere?: boolean;
}

/** Whether a lane can hold what the filter means. */
export function fitsLane({ node, method }: QueueFilter, subject: string): boolean {
  const parsed = parseSubject(subject);
  return (
    (node === undefined || node === parsed?.toNode) && (method === undefined || method === parsed?.method)
  );
}
