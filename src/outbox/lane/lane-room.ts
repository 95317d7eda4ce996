import type { Waiting } from '../../link/send-window.ts';
import { ENVELOPE_BYTES } from '../../link/way-out.ts';
import { PRIORITIES } from '../../message/priority.ts';
import type { LanePace } from './lane-pace.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { Entry } from './lane-window.ts';
import type { Peer } from './peer.ts';

const WINDOW_MESSAGES = 256;
const WINDOW_BYTES = 1024 * 1024;
const BULK = PRIORITIES.indexOf('bulk');

/** How many messages, and what they take, bytes. */
export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

/** Tells how large the next part of a message is. */
interface Sizes {
  sizeOf(entry: Entry): number;
}

/** How much of a lane may be on its way: what its window, that to its target, and the budget of its target's link allow. */
export class LaneRoom {
  readonly #lane: { readonly queue: LaneQueue; readonly peer: Peer; readonly pace: LanePace };
  readonly #waiting: Waiting;
  readonly #source: Sizes;

  /** `waiting` hears when there is room again; `sizeOf` tells what the next part of a message has, bytes. */
  constructor(
    lane: { readonly queue: LaneQueue; readonly peer: Peer; readonly pace: LanePace },
    { waiting, source }: { waiting: Waiting; source: Sizes },
  ) {
    this.#lane = lane;
    this.#waiting = waiting;
    this.#source = source;
  }

  /** What may be on its way at once: one message, or one piece of it, until somebody answers who speaks lanes. */
  fits(entry: Entry, pulled: Amount): boolean {
    const { peer, queue } = this.#lane;
    const { inFlight, bytesInFlight } = queue.window;
    const isOpen = this.isOpen;
    if (inFlight + pulled.messages >= (isOpen ? WINDOW_MESSAGES : 1)) return false;
    if (!this.#isAllowed(entry, pulled)) return false;
    const bytes = bytesInFlight + pulled.bytes;
    // What waits for nothing of its own may go, so that no lane waits for another one; only bulk does.
    if (bytes === 0 && this.#waiting.urgency < BULK) return true;
    if (bytes > 0 && (!isOpen || bytes + this.#source.sizeOf(entry) > WINDOW_BYTES)) return false;
    if (peer.window.room > pulled.bytes) return true;
    if (pulled.messages === 0) peer.window.awaitRoom(this.#waiting);
    return false;
  }

  /** Whether the last that was heard of its target was an answer as this program gives it. */
  get isOpen(): boolean {
    const { pace, peer } = this.#lane;
    return peer.speaksLanes === true && !pace.isProbing;
  }

  /** How long the budget of its target's link leaves nothing for what is not on its way, ms. */
  get heldMs(): number {
    const { queue, peer } = this.#lane;
    if (queue.window.length === 0 || queue.window.bytesInFlight > 0) return 0;
    const heldMs = peer.window.allowance.waitMs(this.#waiting.urgency);
    if (heldMs > 0) peer.window.awaitRoom(this.#waiting);
    return heldMs;
  }

  /** Whether the budget of its target's link leaves room for a message, or a part of it. */
  #isAllowed(entry: Entry, pulled: Amount): boolean {
    const { window } = this.#lane.peer;
    const allowed = window.allowed(this.#waiting.urgency);
    const envelopes = (pulled.messages + 1) * ENVELOPE_BYTES;
    if (pulled.messages > 0) return pulled.bytes + envelopes + this.#source.sizeOf(entry) <= allowed;
    if (allowed === 0) window.awaitRoom(this.#waiting);
    return allowed > 0;
  }
}
