const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** When a lane may send, and whether carefully. Times are unix ms. */
export class LanePace {
  #isProbing = false;
  #isAway = false;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #silences = 0;
  #busyReason = '';

  /** Whether the last attempt got no answer: then one message at a time asks whether somebody is there. */
  get isProbing(): boolean {
    return this.#isProbing;
  }

  /** How many attempts in a row somebody may have got and did not answer. */
  get silences(): number {
    return this.#silences;
  }

  /** Whether nobody listens, as far as is known. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Until when nothing is to be sent; a time that has passed means nothing. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** Why the receiver could not take anything when it last said so. */
  get busyReason(): string {
    return this.#busyReason;
  }

  /** How long nothing is to be sent, ms; a pause that is over is forgotten. */
  waitMs(now: number): number {
    const left = Math.max(0, this.#pausedUntil - now);
    if (left === 0) this.resume();
    return left;
  }

  /** Somebody is there. */
  answered(): void {
    this.#silences = 0;
    this.#isProbing = false;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** An answer did not come. */
  missed(): void {
    this.#silences++;
    this.#isProbing = true;
  }

  /** Nobody listens: ask again soon at first, then every `longestMs`, unless there is a sign of life before. */
  away(now: number, longestMs: number): void {
    this.#silences = 0;
    this.#isAway = true;
    this.#pause(now, longestMs);
  }

  /** The receiver cannot take anything for now: a sign of life does not change that. One message asks again. */
  busy(now: number, reason: string): void {
    this.#busyReason = reason;
    this.#isProbing = true;
    if (this.#isAway || this.#pausedUntil <= now) this.#pause(now, LONGEST_PAUSE_MS);
    this.#isAway = false;
  }

  /** A sign of life; whether it ends a pause. */
  wake(): boolean {
    if (!this.#isAway) return false;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.resume();
    return true;
  }

  /** Ends a pause. */
  resume(): void {
    this.#isAway = false;
    this.#pausedUntil = 0;
  }

  #pause(now: number, longestMs: number): void {
    this.#pausedUntil = now + Math.min(this.#pauseMs, longestMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestMs);
  }
}
