import type { RateState } from './rate.ts';

/** How much of it may be ahead of what is sent next, ms at the rate of the way. */
const AHEAD_MS = 500;
/** How much less the most that came of late counts with each answer; and the fewest bytes of a round trip with which it is busy. */
const [KEPT_SHARE, LEAST_BYTES] = [0.99, 1024];
/** It is busy from this share of the most on: that came in bursts. */
const BUSY_SHARE = 1 / 2;

/** What comes the other way: answers wait behind it, and then tell late of what has arrived. */
export class BackWay {
  /** What came so far, bytes. */
  bytes = 0;
  #mostPerMs = 0;
  /** What was sent and is still on this end of the way, as far as its rate tells; bytes, and when that was, ms. */
  #aheadBytes = 0;
  #aheadAt = 0;

  /** How busy it was in these ms, from 0 to 1, since `bytesBefore` had come: as a share of the most of late. */
  busy(bytesBefore: number, ms: number): number {
    const bytes = this.bytes - bytesBefore;
    const perMs = bytes / Math.max(1, ms);
    this.#mostPerMs = Math.max(perMs, this.#mostPerMs * KEPT_SHARE);
    return bytes < LEAST_BYTES ? 0 : Math.min(1, perMs / (this.#mostPerMs * BUSY_SHARE));
  }

  /** How much more may go now so that what is next is not behind more than a moment of the way, bytes; without end where answers come in time. */
  room(rate: RateState, now: number): number {
    if (rate.pacePerMs === undefined || rate.bytesPerMs === undefined) return Number.POSITIVE_INFINITY;
    return rate.bytesPerMs * AHEAD_MS - this.#ahead(rate, now);
  }

  /** How long until there is such room, ms. */
  waitMs(rate: RateState, now: number): number {
    return Math.max(0, -this.room(rate, now) / (rate.pacePerMs ?? 1));
  }

  /** Bytes were sent. */
  sent(bytes: number, rate: RateState, now: number): void {
    this.#aheadBytes = this.#ahead(rate, now) + bytes;
  }

  /** Of all that was sent so much is not known to have arrived. */
  left(bytes: number, rate: RateState, now: number): void {
    this.#aheadBytes = Math.min(this.#ahead(rate, now), bytes);
  }

  #ahead({ pacePerMs = 0 }: RateState, now: number): number {
    this.#aheadBytes = Math.max(0, this.#aheadBytes - pacePerMs * (now - this.#aheadAt));
    this.#aheadAt = now;
    return this.#aheadBytes;
  }
}
