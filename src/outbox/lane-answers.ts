import { ANSWER_STATUSES, type AnswerStatus, HEADER, parsePair } from '../message/wire-headers.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { LanePace } from './lane-pace.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { LaneSender } from './lane-sender.ts';
import type { Answer } from './outbox-deps.ts';

/** What is known of the node at the other end, shared by all lanes to it. */
export interface Peer {
  /** Undefined until it has answered; a reference node does not speak lanes. */
  speaksLanes: boolean | undefined;
}

/** The parts of a lane that answers act on. */
interface LaneParts {
  readonly toNode: string;
  readonly queue: LaneQueue;
  readonly sender: LaneSender;
  readonly pace: LanePace;
  readonly ends: LaneEnds;
  readonly peer: Peer;
}

/** What a lane does because of an answer. */
interface LaneActions {
  onAway(): void;
  onAlive(): void;
  /** Everything is to be sent again. */
  rewind(): void;
  pump(): void;
  /** A new epoch is to begin. */
  renew(): void;
  readonly now: () => number;
  readonly logger: { debug(fields: object, text: string): void };
}

/** Answers that say how to go on, rather than what became of messages. */
const ORDERS: ReadonlySet<AnswerStatus> = new Set<AnswerStatus>(['part', 'gap', 'busy']);
const REFERENCE_NODE = 'taken by a node that sends no reports: what became of it there is not known';

/** Acts on what comes back for a lane's messages. */
export class LaneAnswers {
  readonly #lane: LaneParts;
  readonly #actions: LaneActions;
  /** A place that the receiver misses and that only a higher floor can bridge. */
  #unbridged: number | undefined;
  /** The lowest place when all was last sent again because of a gap. */
  #resentFrom: number | undefined;
  #sawPlainAnswer = false;
  /** Answers to generations before this one are about an epoch that has ended. */
  #firstGeneration = 0;

  constructor(lane: LaneParts, actions: LaneActions) {
    this.#lane = lane;
    this.#actions = actions;
  }

  /** What is sent from now on belongs to a new epoch. */
  beginEpoch(): void {
    this.#firstGeneration = this.#lane.sender.generation;
    this.#resentFrom = undefined;
  }

  /** Sending starts over. */
  forgetGap(): void {
    this.#unbridged = undefined;
  }

  /** No answer came: if only plain ones came lately, the other end may be a reference node now. */
  missed(): void {
    this.#resentFrom = undefined;
    if (this.#sawPlainAnswer) this.#lane.peer.speaksLanes = undefined;
  }

  /** Acts on an answer. */
  take(answer: Answer): void {
    const { sender, queue } = this.#lane;
    const generation = sender.generationOf(answer, queue.window);
    if (generation === undefined || generation < this.#firstGeneration) return;
    const isStale = generation !== sender.generation;
    if (answer.noResponders) {
      if (!isStale) this.#actions.onAway();
      return;
    }
    const status = answer.header(HEADER.status) as AnswerStatus | undefined;
    if (status === undefined) this.#onPlain(generation);
    else if (ANSWER_STATUSES.includes(status)) this.#onStatus(status, answer, isStale);
    this.#actions.onAlive();
  }

  #onStatus(status: AnswerStatus, answer: Answer, isStale: boolean): void {
    this.#lane.peer.speaksLanes = true;
    this.#sawPlainAnswer = false;
    if (status !== 'busy') this.#lane.pace.answered();
    if (ORDERS.has(status)) {
      if (!isStale) this.#obey(status, answer);
    } else {
      this.#settle(status, answer);
      if (this.#isBridged()) this.#actions.rewind();
    }
    this.#actions.pump();
  }

  /** The receiver says what became of messages; that is true whenever it was said. */
  #settle(status: AnswerStatus, answer: Answer): void {
    const { ends, queue } = this.#lane;
    const [first, end] = rangeOf(answer);
    const last = Math.min(end, queue.window.lastSent);
    if (last < first) return;
    if (status === 'accepted') ends.taken(first, last);
    else if (status === 'duplicate') this.#onDuplicate(first, last, answer.header(HEADER.seenId));
    else if (status === 'rejected' || status === 'expired') {
      ends.ended(queue.take(first, last), status, answer.header(HEADER.reason) ?? '');
    }
  }

  /** The receiver says how to go on; what it said before sending began anew no longer counts. */
  #obey(status: AnswerStatus, answer: Answer): void {
    if (status === 'part') return this.#onPart(answer);
    if (status === 'gap') return this.#onGap(Number(answer.header(HEADER.expects)) || 0);
    const reason = answer.header(HEADER.reason) ?? '';
    this.#actions.logger.debug(
      { subject: this.#lane.queue.subject },
      `${this.#lane.toNode} is busy: ${reason}`,
    );
    this.#actions.rewind();
    this.#lane.pace.busy(this.#actions.now(), reason);
  }

  /** An answer as a reference node gives it: its text confirms the one message that is on its way. */
  #onPlain(generation: number): void {
    const { peer, queue, pace, ends } = this.#lane;
    if (peer.speaksLanes) {
      this.#sawPlainAnswer = true;
      return;
    }
    const entry = queue.window.oldestInFlight;
    if (!entry || generation < entry.firstGeneration) return;
    peer.speaksLanes = false;
    pace.answered();
    // It has seen a piece at most, and cannot put pieces together.
    if (this.#lane.sender.partsOf(entry) > 1) this.#actions.rewind();
    else ends.taken(entry.seq, entry.seq, REFERENCE_NODE);
    this.#actions.pump();
  }

  /**
   * A place that the receiver has taken before. On a first attempt, or where another message holds it there, this
   * node's memory is older than the receiver's: then the message is new to it, and must not be dropped.
   */
  #onDuplicate(first: number, last: number, seenId: string | undefined): void {
    const { queue, ends } = this.#lane;
    const entry = queue.window.find(first);
    const isForeign = seenId !== undefined && entry !== undefined && seenId !== entry.id;
    if (entry && (isForeign || (entry.isUntried && entry.attempts === 1))) this.#actions.renew();
    else ends.taken(first, last);
  }

  #onPart(answer: Answer): void {
    const { queue, sender } = this.#lane;
    const entry = queue.window.find(rangeOf(answer)[0]);
    const part = parsePair(answer.header(HEADER.part) ?? '', '/');
    if (!entry || part?.[1] !== sender.partsOf(entry)) return;
    queue.window.arrived(entry, sender.bytesOfPart(entry, part[0] - 1, part[1]));
    entry.lastSentAt = this.#actions.now();
  }

  /**
   * The receiver misses a place. Where we no longer have it, it is bridged once all below it is answered. Where
   * nothing was taken since all was last sent again, that is not done once more: if it was lost too, its ACKTimeout tells.
   */
  #onGap(expected: number): void {
    const { window } = this.#lane.queue;
    const first = window.first;
    if (first && first.seq < expected && !window.find(expected)) this.#unbridged = expected;
    else if (first && first.seq !== this.#resentFrom) {
      this.#resentFrom = first.seq;
      this.#actions.rewind();
    }
  }

  /** Whether all below the missing place is answered by now, so that the floor is above it. */
  #isBridged(): boolean {
    const first = this.#lane.queue.window.first;
    return this.#unbridged !== undefined && first !== undefined && first.seq > this.#unbridged;
  }
}

function rangeOf(answer: Answer): [number, number] {
  return parsePair(answer.header(HEADER.range) ?? '', '-') ?? [0, 0];
}
