import type { LinkLeft } from '../message/link-word.ts';
import { LEAST_BYTES } from './budget.ts';

/** How much may be out to a node that may have a budget, until it was asked for that, bytes: what a window begins with. */
const UNASKED_BYTES = 8 * 1024;

/** What may still go to a node whose link has a budget, as it told last. Times are ms on a steady clock. */
export class Allowance {
  readonly #now: () => number;
  #left: LinkLeft | undefined;
  #until = Number.NEGATIVE_INFINITY;
  /** What went that it has not counted, bytes. */
  #out = 0;
  /** Whether it knows of budgets, and has answered nothing so far that asked for its own; undefined before it has answered. */
  #isUnasked: boolean | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The node told what is left; undefined where its link has no budget, or where it was not asked (`wasAsked`) and may have one. It has
   * not counted `outBytes`, which are on their way.
   */
  tell(left: LinkLeft | undefined, { outBytes = 0, wasAsked = true } = {}): void {
    this.#isUnasked = left === undefined && !wasAsked && this.#isUnasked !== false;
    this.#left = left;
    this.#out = outBytes;
    if (left === undefined) return;
    this.#until = this.#now() + left.untilMs;
  }

  /** Bytes went to it. */
  take(bytes: number): void {
    this.#out += bytes;
  }

  /** How much of a class may go, bytes; without end where nothing limits it. Where nothing is out (`isIdle`), no answer can tell more than the last. */
  room(urgency: number, isIdle: boolean): number {
    const told = this.#left && this.#toldOf(urgency, this.#left);
    if (told === undefined && !this.#isUnasked) return Number.POSITIVE_INFINITY;
    if (told === undefined) return Math.max(UNASKED_BYTES - this.#out, isIdle ? LEAST_BYTES : 0);
    if (told < LEAST_BYTES) return 0;
    const room = told - this.#out;
    return room >= LEAST_BYTES ? room : isIdle ? LEAST_BYTES : 0;
  }

  /** How long nothing of a class may go, ms, unless the node tells something else before; 0 where it may. */
  waitMs(urgency: number): number {
    const told = this.#left && this.#toldOf(urgency, this.#left);
    return told !== undefined && told < LEAST_BYTES ? this.#until - this.#now() : 0;
  }

  #toldOf(urgency: number, left: LinkLeft): number {
    const { bytes, urgentBytes } = this.#now() < this.#until ? left : this.#renewed();
    return urgency === 0 ? urgentBytes : bytes;
  }

  /** Its next budget has begun, maybe for many senders at once: it tells how much that is with its first answer. */
  #renewed(): LinkLeft {
    this.#left = { bytes: LEAST_BYTES, urgentBytes: LEAST_BYTES, untilMs: Number.POSITIVE_INFINITY };
    this.#until = Number.POSITIVE_INFINITY;
    this.#out = 0;
    return this.#left;
  }
}
