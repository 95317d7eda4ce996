/**
 * For how long the target of a lane kept answering: what messages are given for their delivery does not run meanwhile. Times are
 * ms on a steady clock.
 */
export class LaneProgress {
  #ms = 0;
  /** When something went out first, or the last answer came; undefined while nothing is on its way that may be answered. */
  #since: number | undefined;
  #isAnswering = false;

  /** Something goes out, and nothing was on its way before. */
  began(now: number): void {
    this.#since = now;
  }

  /** A part or a message has arrived. */
  answered(now: number): void {
    this.#isAnswering = true;
    this.#ms += now - (this.#since ?? now);
    this.#since = now;
  }

  /** An answer did not come, or nothing more is on its way. */
  ended(): void {
    this.#isAnswering = false;
    this.#since = undefined;
  }

  /** How long it was since this was asked last. */
  take(now: number): number {
    if (this.#isAnswering) this.answered(now);
    const ms = this.#ms;
    this.#ms = 0;
    return ms;
  }
}
