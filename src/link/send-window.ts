import type { LinkLeft } from '../message/link-word.ts';
import { Allowance } from './allowance.ts';
import { LEAST_BYTES } from './budget.ts';
import {
  answerMs,
  delivered,
  isThin,
  overdueMs,
  partOf,
  patienceMs,
  type RateState,
  rateOf,
  roundTripMs,
  UNMEASURED,
  windowOf,
} from './rate.ts';
import { ENVELOPE_BYTES } from './way-out.ts';

/** Where two classes below urgent wait, one turn of this number is for the lower one. */
export const OTHERS_TURN = 8;

/** Bytes on their way, from when they were sent until it is known what became of them. */
export interface Flight {
  readonly bytes: number;
  readonly sentAt: number;
  /** What had arrived before, bytes, and when the last of that did. */
  readonly deliveredBefore: number;
  readonly deliveredAt: number;
  readonly wasFull: boolean;
  /** Whether nothing else was on its way. */
  readonly wasAlone: boolean;
  /** Which connection they went over, counted. */
  readonly life: number;
  /** Whether they still count. */
  isOut: boolean;
}

/** What is known of a way; undefined where nothing was sent yet. */
export interface Measured {
  readonly bytesPerMs: number | undefined;
  /** A round trip of itself, without what the bytes take, ms. */
  readonly roundTripMs: number | undefined;
  /** Whether the way was ever full: else it may do more than that. */
  readonly wasFull: boolean;
}

/** Something that waits for room. */
export interface Waiting {
  /** Its class, as a place in PRIORITIES. */
  readonly urgency: number;
  onRoom(): void;
}

/** What may be on its way to somewhere, as far as what has arrived tells. */
export class SendWindow {
  readonly #now: () => number;
  #rate: RateState = UNMEASURED;
  #size = windowOf(UNMEASURED);
  /** What is out: flights that were begun before a reset do not count. */
  #flights = 0;
  #bytes = 0;
  #delivered = 0;
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #wasFull = false;
  #life = 0;
  readonly #allowance = new Allowance();
  readonly #waiting = new Set<Waiting>();
  #openings = 0;

  /** `now`: ms on a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** ms on the clock by which rates are measured. */
  get now(): number {
    return this.#now();
  }

  /** How much more may be sent now, bytes. */
  get room(): number {
    return this.#size - this.#bytes;
  }

  /** How much of a class the budget of its link leaves for this node now, bytes; without end where it has none. */
  allowed(urgency: number): number {
    return this.#allowance.room(urgency, { now: this.#now(), isIdle: this.#flights === 0 });
  }

  /** How long that leaves nothing, ms. */
  heldMs(urgency: number): number {
    return this.#allowance.waitMs(urgency, this.#now());
  }

  /** The node told what its budget leaves; undefined where its link has none, or where it was not asked. */
  told(left: LinkLeft | undefined, wasAsked = true): void {
    this.#allowance.tell(left, this.#bytes, this.#now(), wasAsked);
    if (this.room > 0) this.#open();
  }

  /** How large the window is, bytes. */
  get size(): number {
    return this.#size;
  }

  /** How large a part of a message is to be, bytes. */
  get partBytes(): number {
    return partOf(this.#rate);
  }

  /** The same in a class, of which a budget may leave less. */
  partBytesFor(urgency: number): number {
    return Math.min(partOf(this.#rate), Math.max(LEAST_BYTES, this.allowed(urgency)) - ENVELOPE_BYTES);
  }

  /** The rate in bytes per ms; undefined until one was measured. */
  get bytesPerMs(): number | undefined {
    return rateOf(this.#rate);
  }

  /** What is known of the way, for people. */
  get measured(): Measured {
    const { wasFull } = this.#rate;
    return { bytesPerMs: rateOf(this.#rate), roundTripMs: roundTripMs(this.#rate), wasFull };
  }

  /** Whether bytes are dearer than the time that it takes to make a message smaller. */
  get isThin(): boolean {
    return isThin(this.#rate);
  }

  /** Whether the way was ever full, so that its rate is known. */
  get isMeasured(): boolean {
    return this.#rate.wasFull;
  }

  /** How long the answer to all that is on its way may take, ms; 0 where nothing is known. */
  get overdueMs(): number {
    return overdueMs(this.#rate, this.#bytes);
  }

  /** How long it takes until this many more bytes are answered, ms; undefined where nothing is known. */
  answerMs(bytes: number): number | undefined {
    return answerMs(this.#rate, this.#bytes + bytes);
  }

  /** How long to wait before what is on its way may be taken for lost, ms, where nothing is heard meanwhile. */
  get patienceMs(): number {
    return patienceMs(this.#rate, this.#bytes);
  }

  /** Calls back once when there is room, the most urgent first. */
  awaitRoom(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (this.room <= 0) this.#wasFull = true;
  }

  /** Notes that bytes were sent. */
  sent(bytes: number): Flight {
    const now = this.#now();
    const wasAlone = this.#flights++ === 0;
    if (wasAlone) this.#deliveredAt = now;
    this.#bytes += bytes;
    this.#allowance.take(bytes);
    if (this.room <= 0) this.#wasFull = true;
    return {
      ...{ bytes, sentAt: now, deliveredBefore: this.#delivered },
      ...{ deliveredAt: this.#deliveredAt, wasFull: this.#wasFull, wasAlone },
      ...{ life: this.#life, isOut: true },
    };
  }

  /** Some have arrived. */
  arrived(flights: readonly Flight[]): void {
    const known = flights.filter((flight) => flight.isOut && flight.life === this.#life);
    this.#release(known);
    const [first, last] = [known[0], known.at(-1)];
    if (!first || !last) return;
    const at = this.#now();
    for (const { bytes } of known) this.#delivered += bytes;
    this.#rate = delivered(this.#rate, {
      ...{ at, sentAt: last.sentAt, bytes: last.bytes, wasFull: first.wasFull, wasAlone: last.wasAlone },
      deliveredBytes: this.#delivered - first.deliveredBefore,
      deliveredMs: at - first.deliveredAt,
    });
    this.#size = windowOf(this.#rate);
    this.#deliveredAt = at;
    if (this.room > 0) this.#open();
  }

  /** Some are not awaited any more: lost, or overtaken. */
  gone(flights: readonly Flight[]): void {
    this.#release(flights);
    // Not at once: who says this is about to change what it has to send.
    if (this.room > 0 && this.#waiting.size > 0) queueMicrotask(() => this.room > 0 && this.#open());
  }

  #release(flights: readonly Flight[]): void {
    for (const flight of flights) {
      if (!flight.isOut) continue;
      flight.isOut = false;
      if (flight.life !== this.#life) continue;
      this.#flights--;
      this.#bytes -= flight.bytes;
    }
  }

  /** The way is another one: nothing is on it. */
  reset(): void {
    this.#life++;
    this.#flights = 0;
    this.#bytes = 0;
    this.#open();
  }

  #open(): void {
    this.#wasFull = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    const isOthers = ++this.#openings % OTHERS_TURN === 0;
    waiting.sort((a, b) => inTurn(a, isOthers) - inTurn(b, isOthers));
    for (const one of waiting) one.onRoom();
  }
}

/** Urgent ones never wait for others; of the rest the least urgent come first now and then, so that none waits for ever. */
function inTurn({ urgency }: Waiting, isOthers: boolean): number {
  return isOthers && urgency > 0 ? 1 / urgency : urgency;
}
