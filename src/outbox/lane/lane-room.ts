import { LEAST_BUNDLED } from '../../link/join.ts';
import type { Waiting } from '../../link/waiting.ts';
import { ENVELOPE_BYTES, type OutboundMessage } from '../../link/way-out.ts';
import { BRIEF } from '../../message/codec/brief.ts';
import { BUNDLE } from '../../message/codec/bundle.ts';
import { DICTIONARY, HAS_DICTIONARIES } from '../../message/codec/dictionaries.ts';
import { PRIORITIES } from '../../message/priority.ts';
import type { LanePace } from './lane-pace.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { LaneReplies } from './lane-replies.ts';
import type { Entry } from './lane-window.ts';
import type { Peer } from './peer.ts';

const WINDOW_MESSAGES = 512;
/** Of a full window this many are answered before more go: what went for each few answers would be taken, and answered, as few at a time. */
const TURN_MESSAGES = 128;
const WINDOW_BYTES = 1024 * 1024;
/** Messages behind one that was sent just now wait for others, over a thin link: this share of the round trip, and at most so long, ms. */
const [GATHER_SHARE, MOST_GATHER_MS] = [1 / 4, 500];
/** Answers that take longer are those of a far node, and not of a busy one, ms. */
const FAR_MS = 50;
const BULK = PRIORITIES.indexOf('bulk');

/** How many messages, and what they take, bytes. */
export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

/** The lane: it hears when a message found no room, in memory or on the way to its target, and may find it now. */
export interface Owner extends Waiting {
  /** Whether the target has named a word. */
  knows(word: string): boolean;
}

/** Tells how large the next part of a message is. */
interface Sizes {
  sizeOf(entry: Entry): number;
}

interface RoomedLane {
  readonly queue: LaneQueue;
  readonly peer: Peer;
  readonly pace: LanePace;
  readonly replies: Pick<LaneReplies, 'isOwn'>;
}

/** How much of a lane may be on its way: what its window, that to its target, and the budget of its target's link allow. */
export class LaneRoom {
  readonly #lane: RoomedLane;
  readonly #owner: Owner;
  readonly #source: Sizes;
  /** When something went out last, ms by the clock of the way. */
  #turnedAt = Number.NEGATIVE_INFINITY;

  /** `owner` hears when there is room again; `sizeOf` tells what the next part of a message has, bytes. */
  constructor(lane: RoomedLane, { owner, source }: { owner: Owner; source: Sizes }) {
    this.#lane = lane;
    this.#owner = owner;
    this.#source = source;
  }

  /** What may be on its way at once: one message, or one piece of it, until somebody answers who speaks lanes. */
  fits(entry: Entry, pulled: Amount): boolean {
    const { peer, queue } = this.#lane;
    const { inFlight, bytesInFlight } = queue.window;
    const isOpen = this.isOpen;
    if (inFlight + pulled.messages >= (isOpen ? mostOut(pulled) : 1)) return false;
    if (!this.#isAllowed(entry, pulled)) return false;
    const bytes = bytesInFlight + pulled.bytes;
    // What waits for nothing of its own may go, so that no lane waits for another one; only bulk does.
    if (bytes === 0 && this.#owner.urgency < BULK) return true;
    if (bytes > 0 && (!isOpen || bytes + this.#source.sizeOf(entry) > WINDOW_BYTES)) return false;
    if (peer.window.room > this.#roomFor(pulled)) return true;
    const whole = pulled.bytes + this.#source.sizeOf(entry) + (pulled.messages + 1) * ENVELOPE_BYTES;
    if (peer.window.mayTake(this.#owner.urgency, whole)) return true;
    if (pulled.messages === 0) peer.window.awaitRoom(this.#owner);
    return false;
  }

  /** What goes together over a thin link is as much as a part, which goes too where there is room for its beginning. */
  #roomFor({ bytes }: Amount): number {
    return this.#lane.peer.window.rate.isThin ? 0 : bytes;
  }

  /** Whether the last that was heard of its target was an answer as this program gives it. */
  get isOpen(): boolean {
    const { pace, peer } = this.#lane;
    return peer.speaksLanes === true && !pace.isProbing;
  }

  /** Whether the usual headers of a message may be one. */
  get mayBeBrief(): boolean {
    return this.isOpen && this.#lane.replies.isOwn && this.#owner.knows(BRIEF);
  }

  /** Whether messages may go as one. */
  get mayBundle(): boolean {
    return this.mayBeBrief && this.#owner.knows(BUNDLE);
  }

  /** Whether a message may be compressed with what went before it: where that is worth the time that it takes. */
  dictionaryFor({ isLean, isLacked }: Entry): OutboundMessage['dictionary'] {
    const { isThin, isModest, wayMs } = this.#lane.peer.window.rate;
    const isWorth = isThin && (!isModest || this.#isDear || wayMs > FAR_MS);
    const mayUse = isWorth && isLean && HAS_DICTIONARIES && this.mayBundle && this.#owner.knows(DICTIONARY);
    return mayUse ? (isLacked ? 'lacked' : 'used') : undefined;
  }

  /** Whether the target's link has a budget. */
  get #isDear(): boolean {
    return Number.isFinite(this.#lane.peer.window.allowed(this.#owner.urgency));
  }

  /** Whether each message is to be made small: not where many go as one, unless so few go at once, or the target's link has a budget. */
  get isForLean(): boolean {
    const { isThin, isModest } = this.#lane.peer.window.rate;
    return isThin && !(isModest && !this.#isDear && this.#hasMany && this.mayBundle);
  }

  /** Whether enough messages wait, and go at once, to travel as one as they are. */
  get #hasMany(): boolean {
    const { next, unsent } = this.#lane.queue.window;
    if (!next || unsent < LEAST_BUNDLED) return false;
    return LEAST_BUNDLED * this.#source.sizeOf(next) <= this.turnBytes;
  }

  /** How much may go together, bytes: over a thin link as much as a part of a message, as that is what a cut costs. */
  get turnBytes(): number {
    const { isThin, partBytes } = this.#lane.peer.window.rate;
    return isThin ? partBytes : Number.POSITIVE_INFINITY;
  }

  /** Something went out. */
  turned(): void {
    this.#turnedAt = this.#lane.peer.window.now();
  }

  /** How long what waits is to wait for others that go together with it, ms. */
  get gatherMs(): number {
    const { queue, peer } = this.#lane;
    const { rate } = peer.window;
    const { next, inFlight, unsent } = queue.window;
    if (!rate.isThin || !next || inFlight === 0 || !this.#owner.knows(BUNDLE)) return 0;
    if (unsent * this.#source.sizeOf(next) >= rate.partBytes / 2) return 0;
    const untilMs = this.#turnedAt + Math.min(rate.wayMs * GATHER_SHARE, MOST_GATHER_MS);
    return Math.max(0, untilMs - peer.window.now());
  }

  /** How long the budget of its target's link leaves nothing for what is not on its way, ms. */
  get heldMs(): number {
    const { queue, peer } = this.#lane;
    if (queue.window.length === 0 || queue.window.bytesInFlight > 0) return 0;
    const heldMs = peer.window.allowance.waitMs(this.#owner.urgency);
    if (heldMs > 0) peer.window.awaitRoom(this.#owner);
    return heldMs;
  }

  /** Whether the budget of its target's link leaves room for a message, or a part of it. */
  #isAllowed(entry: Entry, pulled: Amount): boolean {
    const { window } = this.#lane.peer;
    const allowed = window.allowed(this.#owner.urgency);
    const envelopes = (pulled.messages + 1) * ENVELOPE_BYTES;
    if (pulled.messages > 0) return pulled.bytes + envelopes + this.#source.sizeOf(entry) <= allowed;
    if (allowed === 0) window.awaitRoom(this.#owner);
    return allowed > 0;
  }
}

/** Up to how many messages of a lane one more may go, where some are pulled already to go with it. */
function mostOut({ messages }: Amount): number {
  return messages > 0 ? WINDOW_MESSAGES : WINDOW_MESSAGES - TURN_MESSAGES + 1;
}
