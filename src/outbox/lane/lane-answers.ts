import type { Clock } from '../../lib/clock.ts';
import { CBOR_BYTES } from '../../message/codec/body-format.ts';
import { unfoldAnswer } from '../../message/codec/brief.ts';
import { ANSWER_STATUSES, type AnswerStatus, HEADER } from '../../message/codec/wire-headers.ts';
import { END_IN_REPLY } from '../../message/end-in-reply.ts';
import { LINK_WORD, parseLeft } from '../../message/link-word.ts';
import { ERROR_CENTRAL } from '../../message/names.ts';
import { parsePartPlace } from '../../message/part-place.ts';
import { wordFor } from '../../message/told-output.ts';
import type { WireMessage } from '../../message/wire-message.ts';
import { namesWord } from '../../message/words.ts';
import { arrivedUpTo, confirmerOf, isAgain, keepArrived, markLacked, rangeOf } from './answer-facts.ts';
import type { LaneParts } from './lane-parts.ts';
import { goWhole } from './told-reply.ts';

/** What a lane does because of an answer. */
interface LaneActions {
  onAway(): void;
  /** Everything is to be sent again. */
  rewind(): void;
  pump(): void;
  /** A new epoch is to begin. */
  renew(reason?: string): Promise<void>;
}

/** Whose answers count. */
export interface WhoCounts {
  /** The node whose word counts for what errorCentral got; undefined where everybody's does. */
  readonly centralNodeName?: string | undefined;
  /** Whether a node may answer without saying what became of a message. */
  mayBeOriginal(node: string): boolean;
}

interface LaneAnswersDeps extends WhoCounts {
  readonly clock: Clock;
  readonly logger: Record<'debug' | 'warn', (fields: object, text: string) => void>;
  /** The words that a node has named, as it named them. */
  wordsOf(node: string): string | undefined;
  heardWords(node: string, words: string | undefined): void;
  /** The node at the other end of a lane shows that it is there. */
  onAlive(lane: { readonly toNode: string; readonly subject: string }): void;
}

/** Answers that say how to go on, rather than what became of messages. */
const ORDERS: ReadonlySet<AnswerStatus> = new Set<AnswerStatus>(['part', 'gap', 'busy']);
const FORM_UNKNOWN = 'the target does not read what it read before (an earlier version runs there)';
const UNTRUSTED =
  'which answers as the original program does: trustOriginal does not name it (trust = closed)';
/** How long central is not asked again where others took what is for it, ms. */
const [LEAST_BYSTANDER_MS, MOST_BYSTANDER_MS] = [60_000, 600_000];
const REFERENCE_NODE = 'taken by a node that sends no reports: what became of it there is not known';

/** Acts on what comes back for a lane's messages. */
export class LaneAnswers {
  readonly #lane: LaneParts;
  readonly #actions: LaneActions;
  readonly #deps: LaneAnswersDeps;
  /** A place that the receiver misses and that only a higher floor can bridge. */
  #unbridged: number | undefined;
  /** The lowest place, and how much of it was there, when all was last sent again because of a gap. */
  #resentFrom: string | undefined;
  /** The node that confirmed what is for somebody else. */
  #bystander: string | undefined;
  /** Answers to generations before this one are about an epoch that has ended. */
  #firstGeneration = 0;

  constructor(lane: LaneParts, actions: LaneActions, deps: LaneAnswersDeps) {
    this.#lane = lane;
    this.#actions = actions;
    this.#deps = deps;
  }

  /** What is sent from now on belongs to a new epoch. */
  beginEpoch(): void {
    this.#firstGeneration = this.#lane.replies.generation;
    this.#lane.plain.clear();
    this.#resentFrom = undefined;
  }

  /** Sending starts over. */
  forgetGap(): void {
    this.#unbridged = undefined;
  }

  /** No answer came, or none that counts. */
  missed(): void {
    this.#resentFrom = undefined;
    if (this.#bystander === undefined) return;
    const { clock, centralNodeName } = this.#deps;
    const reason = `which ${this.#bystander} answered for: ${centralNodeName} is waited for`;
    this.#bystander = undefined;
    this.#lane.pace.away(clock.steadyNow(), MOST_BYSTANDER_MS, LEAST_BYSTANDER_MS, reason);
  }

  /** Acts on an answer. */
  take(arrived: WireMessage): void {
    const { replies, queue, toNode } = this.#lane;
    const answer = unfoldAnswer(arrived, this.#deps.wordsOf(toNode));
    const generation = replies.generationOf(answer, queue.window);
    if (generation === undefined || generation < this.#firstGeneration) return;
    const isStale = generation !== replies.generation;
    if (answer.noResponders) {
      this.#lane.plain.missed(generation);
      if (!isStale) this.#actions.onAway();
      return;
    }
    if (toNode === ERROR_CENTRAL && this.#isOfBystander(answer)) return;
    const status = answer.header(HEADER.status) as AnswerStatus | undefined;
    if (status === undefined && !this.#deps.mayBeOriginal(toNode)) return this.#doubt(isStale);
    const words = answer.header(HEADER.knows);
    this.#deps.heardWords(toNode, words);
    if (status === undefined) this.#onPlain(generation);
    else if (ANSWER_STATUSES.includes(status)) this.#onAnswer(status, answer, generation);
    this.#deps.onAlive({ toNode, subject: queue.subject });
  }

  /** Acts on a status, and on what its node tells of the budget of its link. */
  #onAnswer(status: AnswerStatus, answer: WireMessage, generation: number): void {
    const { replies, plain, peer } = this.#lane;
    const isStale = generation !== replies.generation;
    if (isAgain(answer)) this.#lane.pace.rejoins(this.#deps.clock.steadyNow());
    plain.settled(generation, rangeOf(answer)[1]);
    if (!namesWord(answer.header(HEADER.knows), LINK_WORD)) return this.#onStatus(status, answer, isStale);
    const left = parseLeft(answer.header(HEADER.linkLeft));
    const wasAsked = left !== undefined || replies.hasAsked(generation);
    // More goes at once when the status is known: to a node that has a budget, or may have one, no more than that allows.
    if (left || !wasAsked) peer.window.told(left, wasAsked);
    this.#onStatus(status, answer, isStale);
    if (wasAsked) peer.window.told(left);
  }

  /** Whether another node answered in place of the central one: any may collect errors, by the original's default all do. */
  #isOfBystander(answer: WireMessage): boolean {
    const { centralNodeName } = this.#deps;
    if (centralNodeName === undefined) return false;
    const name = confirmerOf(answer);
    this.#bystander = name === centralNodeName ? undefined : name;
    return this.#bystander !== undefined;
  }

  /** What nobody proves confirms nothing; and who answers so does again what is sent again. */
  #doubt(isStale: boolean): void {
    if (isStale || this.#lane.pace.isDoubted) return;
    const { toNode, queue, pace } = this.#lane;
    this.#deps.logger.warn({ subject: queue.subject }, `nothing more goes to ${toNode}, ${UNTRUSTED}`);
    pace.doubt(UNTRUSTED);
    this.#actions.rewind();
  }

  #onStatus(status: AnswerStatus, answer: WireMessage, isStale: boolean): void {
    this.#lane.peer.speaksLanes = true;
    if (status === 'rejected' && answer.header(HEADER.range) === undefined) return this.#onUnread(isStale);
    if (status !== 'busy') this.#lane.pace.answered(isStale);
    if (ORDERS.has(status)) {
      if (!isStale || status === 'part') this.#obey(status, answer, isStale);
    } else {
      this.#settle(status, answer, isStale || isAgain(answer));
      if (this.#isBridged()) this.#actions.rewind();
    }
    this.#actions.pump();
  }

  /** The receiver says what became of messages; that is true whenever it was said. */
  #settle(status: AnswerStatus, answer: WireMessage, isOld: boolean): void {
    const { ends, queue } = this.#lane;
    const [first, end] = rangeOf(answer);
    if (isOld) queue.window.unmeasured(first, end);
    if (status === 'rejected' && this.#isUnreadable(first, answer))
      return void this.#actions.renew(FORM_UNKNOWN);
    const last = Math.min(end, queue.window.lastSent);
    if (last < first) return;
    const takesEnds = namesWord(answer.header(HEADER.knows), END_IN_REPLY);
    if (status === 'accepted') ends.taken(first, last, { isSaid: true, takesEnds });
    else if (status === 'duplicate')
      this.#onDuplicate(first, last, { seenId: answer.header(HEADER.seenId), takesEnds });
    else if (status === 'rejected' || status === 'expired') {
      ends.ended(queue.take(first, last), status, answer.header(HEADER.reason) ?? '');
    }
  }

  /** It did not see that the message has a place in a lane: an earlier version runs there, and gets what that reads. */
  #onUnread(isStale: boolean): void {
    const { pace } = this.#lane;
    if (isStale || pace.isProbing) return;
    pace.missed();
    this.#actions.rewind();
    this.#actions.pump();
  }

  /** A node that went back to an earlier version refuses what it cannot read: that is no verdict on the message. */
  #isUnreadable(seq: number, answer: WireMessage): boolean {
    const entry = this.#lane.queue.window.find(seq);
    const knows = ` ${answer.header(HEADER.knows) ?? ''} `;
    if (entry?.short && entry.told && !namesWord(knows, wordFor(entry.told))) return true;
    if (entry?.takesBytes && !namesWord(knows, CBOR_BYTES)) return true;
    const isInParts = entry?.isByOffset === true && entry.isSent && entry.wholeBytes > entry.pieceBytes;
    return isInParts && !knows.includes(' offset-parts ');
  }

  /** The receiver says how to go on; what it said before sending began anew no longer counts, but for what has arrived. */
  #obey(status: AnswerStatus, answer: WireMessage, isStale: boolean): void {
    if (status === 'part') return this.#onPart(answer, isStale);
    if (status === 'gap') return this.#onGap(answer);
    const reason = answer.header(HEADER.reason) ?? '';
    this.#deps.logger.debug({ subject: this.#lane.queue.subject }, `${this.#lane.toNode} is busy: ${reason}`);
    this.#actions.rewind();
    // It may lack what the first one is to be made whole with.
    const { peer, queue } = this.#lane;
    const { first } = queue.window;
    const sum = first?.told?.sum;
    if (first?.short && (sum === undefined || peer.bringers.bring(sum, first, queue.window))) goWhole(first);
    this.#lane.pace.busy(this.#deps.clock.steadyNow(), reason);
  }

  /**
   * An answer as a node of the original gives it: it confirms one message, whatever was spoken before. The node has
   * been rolled back then, and from now on one message is on its way at a time.
   */
  #onPlain(generation: number): void {
    const { peer, queue, plain, pace, ends } = this.#lane;
    // A piece has no place of its own: the node cannot put pieces together.
    const oldest = queue.window.oldestInFlight;
    const isPiece = oldest !== undefined && oldest.wholeBytes > oldest.pieceBytes;
    const seq = isPiece ? queue.window.oldestInFlight?.seq : plain.answered(generation);
    const entry = seq === undefined ? undefined : queue.window.find(seq);
    if (!entry || generation < entry.firstGeneration) return;
    peer.speaksLanes = false;
    pace.answered();
    if (entry.wholeBytes > entry.pieceBytes) this.#actions.rewind();
    else ends.taken(entry.seq, entry.seq, { unreported: REFERENCE_NODE, awaitsReply: entry.awaitsReply });
    this.#actions.pump();
  }

  /**
   * A place that the receiver has taken before. On a first attempt, or where another message holds it there, this
   * node's memory is older than the receiver's: then the message is new to it, and must not be dropped.
   */
  #onDuplicate(
    first: number,
    last: number,
    { seenId, takesEnds }: { seenId: string | undefined; takesEnds: boolean },
  ): void {
    const { queue, ends } = this.#lane;
    const entry = queue.window.find(first);
    const isForeign = seenId !== undefined && entry !== undefined && seenId !== entry.id;
    if (entry && (isForeign || (entry.isUntried && entry.attempts === 1))) void this.#actions.renew();
    else ends.taken(Math.max(first, queue.window.toldFloor), last, { takesEnds });
  }

  /** What has arrived need not go again, whichever attempt brought it; where the target has lost it since, it says so. */
  #onPart(answer: WireMessage, isStale: boolean): void {
    const { window } = this.#lane.queue;
    const entry = window.find(rangeOf(answer)[0]);
    const there = entry && arrivedUpTo(answer, entry);
    if (!entry || there === undefined) return;
    if (isStale && there <= entry.arrivedBytes) return;
    window.arrived(entry, there, isStale || isAgain(answer));
    entry.lastSentAt = this.#deps.clock.steadyNow();
  }

  /**
   * The receiver misses a place. Where we no longer have it, it is bridged once all below it is answered. Where
   * nothing was taken since all was last sent again, that is not done once more: if it was lost too, its ACKTimeout tells.
   */
  #onGap(answer: WireMessage): void {
    const expected = Number(answer.header(HEADER.expects)) || 0;
    const { window } = this.#lane.queue;
    const first = window.first;
    if (first && first.seq < expected && !window.find(expected)) this.#unbridged = expected;
    if (!first || this.#unbridged === expected) return;
    const place = first.seq === expected ? parsePartPlace(answer.header(HEADER.part)) : undefined;
    const from = `${first.seq} ${place?.offset ?? ''}`;
    if (!markLacked(first, answer) && from === this.#resentFrom) return;
    this.#resentFrom = from;
    if (place) keepArrived(first, place);
    this.#actions.rewind();
  }

  /** Whether all below the missing place is answered by now, so that the floor is above it. */
  #isBridged(): boolean {
    const first = this.#lane.queue.window.first;
    return this.#unbridged !== undefined && first !== undefined && first.seq > this.#unbridged;
  }
}
