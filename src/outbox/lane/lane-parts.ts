import type { LaneEnds } from '../ends/lane-ends.ts';
import type { BodyMemory } from './body-memory.ts';
import type { LanePace } from './lane-pace.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { LaneReplies } from './lane-replies.ts';
import type { Peer } from './peer.ts';
import type { PlainAnswers } from './plain-answers.ts';

/** The parts of a lane that its sending, and the answers to that, concern. */
export interface LaneParts {
  readonly toNode: string;
  readonly method: string;
  readonly queue: LaneQueue;
  readonly replies: LaneReplies;
  readonly plain: PlainAnswers;
  readonly pace: LanePace;
  readonly peer: Peer;
  readonly ends: LaneEnds;
  readonly bodies: BodyMemory;
}
