import type { LinkLeft } from '../message/link-word.ts';
import { LEAST_BYTES } from './budget.ts';

/** What may still go to a node whose link has a budget, as it told last. Times are ms on a steady clock. */
export class Allowance {
  #left: LinkLeft | undefined;
  #until = Number.NEGATIVE_INFINITY;
  /** The most that it allowed at once: as much may go when its next budget begins. */
  #most = LEAST_BYTES;
  #bytes = 0;

  /** The node told what is left; undefined where its link has no budget. It has not counted `outBytes`, which are on their way. */
  tell(left: LinkLeft | undefined, outBytes: number, now: number): void {
    this.#left = left;
    if (left === undefined) return;
    this.#until = now + left.untilMs;
    this.#most = Math.max(this.#most, left.bytes);
    this.#bytes = left.bytes - outBytes;
  }

  /** So many bytes went. */
  take(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** How much of a class may go, bytes; without end where nothing limits it. Where nothing is out, no answer can tell more than the last. */
  room(urgency: number, { now, isIdle }: { readonly now: number; readonly isIdle: boolean }): number {
    if (this.#left === undefined || this.waitMs(urgency, now) > 0)
      return this.#left === undefined ? Number.POSITIVE_INFINITY : 0;
    if (urgency === 0) return Number.POSITIVE_INFINITY;
    if (this.#bytes < LEAST_BYTES) return isIdle ? LEAST_BYTES : 0;
    return this.#bytes;
  }

  /** How long nothing of a class may go, ms, unless the node tells something else before; 0 where it may. */
  waitMs(urgency: number, now: number): number {
    if (this.#left !== undefined && now >= this.#until) this.#renew();
    const isOver = this.#left !== undefined && this.#left.bytes < (urgency === 0 ? 0 : LEAST_BYTES);
    return isOver ? this.#until - now : 0;
  }

  /** Its next budget has begun: it tells how much that is with its first answer. */
  #renew(): void {
    this.#left = { bytes: this.#most, untilMs: Number.POSITIVE_INFINITY };
    this.#until = Number.POSITIVE_INFINITY;
    this.#bytes = this.#most;
  }
}
