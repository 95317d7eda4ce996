import type { Clock } from '../lib/clock.ts';
import type { LinkLeft } from '../message/link-word.ts';
import { Allowance } from './allowance.ts';
import { BackWay } from './back-way.ts';
import { LEAST_BYTES } from './budget.ts';
import {
  answerMs,
  delivered,
  LONGEST_PATIENCE_MS,
  overdueMs,
  patienceMs,
  type RateState,
  shareOf,
  UNMEASURED,
} from './rate.ts';
import { inTurn, type Waiting } from './waiting.ts';
import { ENVELOPE_BYTES } from './way-out.ts';

/**
 * The least that goes at once where a link is cut again and again, as a share of the usual; and what goes of that where no answer came in
 * time. Most often the way has become slower then: all of it is still to arrive, and what goes again is in vain.
 */
const [LEAST_SHARE, MISSED_SHARE] = [1 / 16, 1 / 8];
/** Where no more than this is out it is halved: small messages of several lanes are to go again soon, bytes. */
const MUCH_BYTES = 16 * 1024;
/** Lanes to one node miss their answers together: that counts once, ms. */
const LEAST_PAUSE_MS = 1000;

/** What is urgent and no larger than this goes although there is no room, while less than the second one is out so; bytes, some kB a round trip. */
const [SMALL_BYTES, MOST_SPARE_BYTES] = [1536, 2048];
/** The shortest time after which it is looked whether there is room, ms. */
const LEAST_LOOK_MS = 20;

/** Bytes on their way, from when they were sent until it is known what became of them. */
export interface Flight {
  readonly bytes: number;
  /** How much less really went: budgets count that. */
  readonly savedBytes: number;
  readonly sentAt: number;
  /** What had arrived before, bytes, and when the last of that did, and was sent. */
  readonly deliveredBefore: number;
  readonly deliveredAt: number;
  readonly deliveredSentAt: number;
  /** What had come from there before, bytes. */
  readonly heardBefore: number;
  readonly wasFull: boolean;
  /** Whether nothing else was on its way. */
  readonly wasAlone: boolean;
  /** Whether it is small, and there was no room for it. */
  readonly isSpare: boolean;
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

/** What may be on its way to somewhere, as far as what has arrived tells. */
export class SendWindow {
  /** ms on the clock by which rates are measured. */
  readonly now: () => number;
  /** What has been measured of the way. */
  rate: RateState = UNMEASURED;
  /** What the budget of its link leaves for this node. */
  readonly allowance: Allowance;
  /** What is out: flights that were begun before a reset do not count. */
  #flights = 0;
  #bytes = 0;
  #savedBytes = 0;
  #spareBytes = 0;
  #delivered = 0;
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #deliveredSentAt = Number.NEGATIVE_INFINITY;
  readonly #back = new BackWay();
  readonly #clock: Pick<Clock, 'after'> | undefined;
  #cancelLook: (() => void) | undefined;
  #wasFull = false;
  /** How much of the usual may be out, and what had arrived when the way was cut last, bytes. */
  #share = 1;
  #deliveredAtCut = 0;
  #lessenedAt = Number.NEGATIVE_INFINITY;
  #life = 0;
  #waiting: Set<Waiting> | undefined;
  #openings = 0;

  /** `now`: ms on a steady clock; `clock` wakes what waits where answers come late. */
  constructor(now: () => number, clock?: Pick<Clock, 'after'>) {
    this.now = now;
    this.#clock = clock;
    this.allowance = new Allowance(now);
  }

  /** How much more may be sent now, bytes. */
  get room(): number {
    const room = this.rate.windowBytes - this.#bytes;
    return this.rate.pacePerMs === undefined ? room : Math.min(room, this.#back.room(this.rate, this.now()));
  }

  /** Whether a message of a class and of this size may go now. */
  mayTake(urgency: number, bytes: number): boolean {
    return this.room > 0 || (urgency === 0 && bytes <= Math.min(SMALL_BYTES, this.spareRoom));
  }

  /** How much of what is small and urgent may go although there is no room, bytes. */
  get spareRoom(): number {
    return MOST_SPARE_BYTES - this.#spareBytes;
  }

  /** Messages came from there: answers may have waited behind them. */
  heard(bytes: number): void {
    this.#back.bytes += bytes;
  }

  /** What is on its way, bytes. */
  get bytesOut(): number {
    return this.#bytes;
  }

  /** How much of a class the budget of its link leaves for this node now, bytes; without end where it has none. */
  allowed(urgency: number): number {
    return this.allowance.room(urgency, this.#flights === 0);
  }

  /** The node told what its budget leaves; undefined where its link has none, or where it was not asked. */
  told(left: LinkLeft | undefined, wasAsked = true): void {
    this.allowance.tell(left, { outBytes: this.#bytes - this.#savedBytes, wasAsked });
    if (this.room > 0) this.#open();
  }

  /** How large a part of a message of a class is to be, bytes: a budget may leave less of it than the way. */
  partBytesFor(urgency: number): number {
    return Math.min(this.rate.partBytes, Math.max(LEAST_BYTES, this.allowed(urgency)) - ENVELOPE_BYTES);
  }

  /** What is known of the way, for people. */
  get measured(): Measured {
    const { bytesPerMs, wasFull, alone, wayMs, lastRttMs } = this.rate;
    return { bytesPerMs, wasFull, roundTripMs: alone.rttMs > 0 ? wayMs : lastRttMs };
  }

  /** How long the answer to all that is on its way may take, ms. */
  get overdueMs(): number {
    return Math.min(LONGEST_PATIENCE_MS, overdueMs(this.rate, this.#bytes) / this.#share);
  }

  /** How long it takes until this many more bytes are answered, ms; undefined where nothing is known. */
  answerMs(bytes: number): number | undefined {
    return answerMs(this.rate, this.#bytes + bytes);
  }

  /** How long to wait before what is on its way may be taken for lost, ms, where nothing is heard meanwhile. */
  get patienceMs(): number {
    return patienceMs(this.rate, this.#bytes);
  }

  /** Calls back once when there is room, the most urgent first. */
  awaitRoom(waiting: Waiting): void {
    this.#waiting ??= new Set();
    this.#waiting.add(waiting);
    if (this.room > 0) return;
    this.#wasFull = true;
    this.#look();
  }

  /** Where answers come late, what waits is not left to wait for the next one. */
  #look(): void {
    if (this.#cancelLook || this.rate.windowBytes <= this.#bytes) return;
    const waitMs = this.#back.waitMs(this.rate, this.now());
    this.#cancelLook = this.#clock?.after(Math.max(LEAST_LOOK_MS, waitMs), this.#wake);
  }

  readonly #wake = (): void => {
    this.#lookNoMore();
    if (this.#waiting) this.room > 0 ? this.#open() : this.#look();
  };

  /** Notes that bytes were sent; `savedBytes` of them did not really go, as they went in a bundle. */
  sent(bytes: number, savedBytes = 0): Flight {
    const now = this.now();
    const wasAlone = this.#flights++ === 0;
    const isSpare = bytes <= SMALL_BYTES && this.room <= 0;
    if (isSpare) this.#spareBytes += bytes;
    if (wasAlone) this.#deliveredAt = this.#deliveredSentAt = now;
    this.#bytes += bytes;
    this.#back.sent(bytes, this.rate, now);
    this.#savedBytes += savedBytes;
    this.allowance.take(bytes - savedBytes);
    if (this.room <= 0) this.#wasFull = true;
    return {
      ...{ bytes, savedBytes, sentAt: now, deliveredBefore: this.#delivered },
      ...{ deliveredAt: this.#deliveredAt, deliveredSentAt: this.#deliveredSentAt },
      ...{ heardBefore: this.#back.bytes, wasFull: this.#wasFull, wasAlone, isSpare },
      ...{ life: this.#life, isOut: true },
    };
  }

  /** Some have arrived. */
  arrived(flights: readonly Flight[]): void {
    const known = this.#release(flights);
    const [first, last] = [known[0], known.at(-1)];
    if (!first || !last) return;
    const at = this.now();
    let arrivedBytes = 0;
    for (const { bytes } of known) arrivedBytes += bytes;
    this.#delivered += arrivedBytes;
    this.#back.left(this.#bytes, this.rate, at);
    this.rate = delivered(this.rate, {
      ...{ at, sentAt: last.sentAt, bytes: last.bytes, wasFull: first.wasFull, wasAlone: last.wasAlone },
      deliveredBytes: this.#delivered - first.deliveredBefore,
      // Answers that waited come together: faster than it was sent nothing has arrived.
      deliveredMs: Math.max(at - first.deliveredAt, last.sentAt - first.deliveredSentAt),
      ...{ arrivedBytes, arrivedMs: at - this.#deliveredAt },
      busyBack: this.#back.busy(last.heardBefore, at - last.sentAt),
    });
    this.#share = Math.min(1, 2 * this.#share);
    if (this.#share < 1) this.rate = shareOf(this.rate, this.#share);
    this.#deliveredAt = at;
    this.#deliveredSentAt = last.sentAt;
    this.room > 0 ? this.#open() : this.#wake();
  }

  /** The connection of one end was cut. Where nothing arrived since the last cut they may come before a part is through: less goes at once. */
  cut(): void {
    if (this.#flights > 0 && this.#delivered === this.#deliveredAtCut) this.#lessen(1 / 2);
    this.#deliveredAtCut = this.#delivered;
    this.#lookNoMore();
  }

  #lookNoMore(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  /** No answer came in time: the way may have become slower, and what goes again would come on top of what is on it. */
  missed(): void {
    if (this.now() - this.#lessenedAt >= LEAST_PAUSE_MS)
      this.#lessen(this.#bytes > MUCH_BYTES ? MISSED_SHARE : 1 / 2);
  }

  #lessen(share: number): void {
    this.#lessenedAt = this.now();
    this.#share = Math.max(LEAST_SHARE, this.#share * share);
    this.rate = shareOf(this.rate, share);
  }

  /** Some are not awaited any more: lost, or overtaken. */
  gone(flights: readonly Flight[]): void {
    this.#release(flights);
    // Not at once: who says this is about to change what it has to send.
    if (this.#waiting) queueMicrotask(this.#wake);
  }

  /** They are out no longer; answers those that counted. */
  #release(flights: readonly Flight[]): readonly Flight[] {
    const counted: Flight[] = [];
    for (const flight of flights) {
      if (!flight.isOut) continue;
      flight.isOut = false;
      if (flight.life !== this.#life) continue;
      this.#flights--;
      this.#bytes -= flight.bytes;
      this.#savedBytes -= flight.savedBytes;
      if (flight.isSpare) this.#spareBytes -= flight.bytes;
      counted.push(flight);
    }
    return counted;
  }

  /** The way is another one: nothing is on it. */
  reset(): void {
    this.#life++;
    this.#flights = 0;
    this.#bytes = 0;
    this.#savedBytes = 0;
    this.#spareBytes = 0;
    this.#back.left(0, this.rate, this.now());
    this.#lookNoMore();
    this.#open();
  }

  #open(): void {
    this.#wasFull = false;
    const waiting = [...(this.#waiting ?? [])];
    this.#waiting = undefined;
    const turn = ++this.#openings;
    waiting.sort((a, b) => inTurn(a, turn) - inTurn(b, turn));
    for (const one of waiting) one.onRoom();
  }
}
