/**
 * For how long the target of a lane kept answering: what messages are given for their delivery does not run meanwhile. Times are
 * ms on a steady clock.
 */
export class LaneProgress {
  readonly #now: () => number;
  #ms = 0;
  /** When something went out first, or the last answer came; undefined while nothing is on its way that may be answered. */
  #since: number | undefined;
  #isAnswering = false;
  /** Since when its target cannot be reached until it calls. */
  #heldSince: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something goes out, and nothing was on its way before. */
  began(): void {
    this.#since = this.#now();
  }

  /** A part or a message has arrived. */
  answered(): void {
    const now = this.#now();
    this.#isAnswering = true;
    this.#ms += now - (this.#since ?? now);
    this.#since = now;
  }

  /** An answer did not come, or nothing more is on its way. */
  ended(): void {
    this.#isAnswering = false;
    this.#since = undefined;
  }

  /** The target cannot be reached, as it is known to be: it calls later. */
  hold(): void {
    this.#heldSince ??= this.#now();
  }

  /** It may be reached again. */
  release(): void {
    if (this.#heldSince !== undefined) this.#ms += this.#now() - this.#heldSince;
    this.#heldSince = undefined;
  }

  /** How long it was since this was asked last. */
  take(): number {
    if (this.#isAnswering) this.answered();
    if (this.#heldSince !== undefined) {
      this.release();
      this.hold();
    }
    const ms = this.#ms;
    this.#ms = 0;
    return ms;
  }
}
