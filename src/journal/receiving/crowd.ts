import type { Method } from '../../methods/method.ts';
import type { Askers, JournalDeps } from '../journal-deps.ts';
import type { LaneMessage } from './lane-record.ts';

export interface CrowdDeps {
  readonly outbox: JournalDeps['outbox'];
  readonly queues: Askers & {
    /** Whether one more request of a sender may wait to be run. */
    hasRoom(fromNode: string, subject: string): boolean;
  };
}

/** Why a request is to come later though nothing is wrong with it, or undefined: names may be made up, and each takes memory. */
export function crowdReason(
  { sender, proved }: LaneMessage,
  { method, subject }: { readonly method: Method; readonly subject: string },
  { outbox, queues }: CrowdDeps,
): string | undefined {
  if (method.mode === 'effect') return undefined;
  if (!queues.hasRoom(sender, subject)) return 'as many requests wait to run here as fit into memory';
  if (proved !== undefined || outbox.hasRoomFor(sender, queues)) return undefined;
  return `replies to many nodes that nobody has heard of wait here, and nobody has heard of ${sender}`;
}
