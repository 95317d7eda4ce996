import type { AnswerInbox } from '../../link/answer-inbox.ts';
import type { OutcomeWriter } from '../ends/outcome-writer.ts';
import type { OutboxDeps } from '../outbox-deps.ts';
import type { Peers } from '../peers.ts';
import type { BodyMemory } from './body-memory.ts';
import type { WhoCounts } from './lane-answers.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { Generations } from './lane-replies.ts';

/** What all lanes of an outbox share. */
export interface LaneDeps extends OutboxDeps, WhoCounts, Pick<Peers, 'knows' | 'wordsOf' | 'heardWords'> {
  readonly outcomes: OutcomeWriter;
  readonly nodeName: string;
  readonly inbox: AnswerInbox;
  readonly generations: Generations;
  readonly bodies: BodyMemory;
  /** What the next message to a node that is not known has to wait for. */
  introduction(node: string, queue: Pick<LaneQueue, 'window' | 'length'>): Promise<unknown> | undefined;
  /** Returns a lane number that was never used. */
  allocateLane(): number;
  /** How many lanes are in memory. */
  laneCount(): number;
  /** Called when nobody listens at the other end of a lane. */
  onAway(lane: { readonly toNode: string; readonly subject: string }): void;
  /** Called when the node at the other end of a lane shows that it is there. */
  onAlive(lane: { readonly toNode: string; readonly subject: string }): void;
}
