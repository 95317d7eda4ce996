import type { QueueFilter, QueueSummary } from '../contract/queues.ts';
import { PATIENCE_MS } from './node-page.ts';

/** The most that anybody reads. */
const MOST = 100;

/** The queues of a node or of all; where no more than some are wanted, those that wait longest. */
export function queuesFor(queues: readonly QueueSummary[], { node, limit }: QueueFilter): QueueSummary[] {
  const found = queues.filter((queue) => node === undefined || queue.node === node);
  if (limit === undefined) return found;
  const at = ({ oldestQueuedAt }: QueueSummary) => oldestQueuedAt ?? Number.POSITIVE_INFINITY;
  return found.sort((a, b) => at(a) - at(b)).slice(0, limit);
}

interface OverdueDeps {
  /** How long a node is usually away at most, ms; null where too little is known. */
  usualAwayMs(name: string): number | null;
  /** Unix ms. */
  now(): number;
}

/** Queues whose oldest message waits for longer than their node is usually away, or a day where that is not known; the oldest first. */
export function overdueQueues(
  queues: readonly QueueSummary[],
  { usualAwayMs, now }: OverdueDeps,
): QueueSummary[] {
  const at = now();
  const oldest = ({ oldestQueuedAt }: QueueSummary) => oldestQueuedAt ?? at;
  return queues
    .filter((queue) => at - oldest(queue) > (usualAwayMs(queue.node) ?? PATIENCE_MS))
    .sort((a, b) => oldest(a) - oldest(b))
    .slice(0, MOST);
}
