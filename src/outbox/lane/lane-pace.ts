const FIRST_PAUSE_MS = 500;
/** How long a message that others follow at once waits for them, ms. */
const GATHER_MS = 20;
const LONGEST_PAUSE_MS = 30_000;
/** How long a lane whose target gives its answers again waits for the hello behind them, ms. */
const REJOIN_MS = 2000;
/** How fast messages go to where nobody listens, bytes a ms, and how long one waits at most because of that. */
const IN_VAIN_BYTES_PER_MS = 2;
const LONGEST_IN_VAIN_MS = 120_000;
/** Questions whether somebody is there again take so long over all lanes: a thousand a second at first, and a hundred in the long run; ms for each lane. */
const [LEAST_OF_LANE_MS, LONGEST_OF_LANE_MS] = [1, 10];
/** How often a lane that is in doubt looks whether it still is. */
const DOUBT_LOOK_MS = 3_600_000;
/** Why nothing is sent to a node that is not there, or does not hear a method. */
export const NOBODY = 'where nobody listens';

/** When a lane may send, and whether carefully. Times are ms on the steady clock. */
export class LanePace {
  /** Whether the last attempt got no answer: then one message at a time asks whether somebody is there. */
  isProbing = false;
  /** How many attempts in a row somebody may have got and did not answer. */
  silences = 0;
  /** Whether nobody listens, as far as is known, or not the one who counts. */
  isAway = false;
  /** Whether nothing is sent until the receiver shows by its words what it is. */
  isDoubted = false;
  /** Whether the broker did not allow the last attempt. */
  isRefused = false;
  /** Why nothing is sent where `isAway` or `isDoubted`, or why the receiver could not take anything when it last said so. */
  busyReason = '';
  /** Whether the receiver said last that it cannot take anything. */
  #isBusy = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;
  #gathersUntil = Number.NEGATIVE_INFINITY;

  /** Until when nothing is to be sent; a time that has passed means nothing, and it may be without end. */
  get pausedUntil(): number {
    return this.isDoubted ? Number.POSITIVE_INFINITY : this.#pausedUntil;
  }

  /** How long nothing is to be sent, ms; a pause that is over is forgotten. */
  waitMs(now: number): number {
    if (this.isDoubted) return DOUBT_LOOK_MS;
    const left = Math.max(0, this.#pausedUntil - now);
    if (left === 0) this.isAway = false;
    return Math.max(left, this.#gathersUntil - now);
  }

  /** Has what waits gather for a moment from now on; false sends it. */
  gather(now: number, mayWait: boolean): void {
    this.#gathersUntil = mayWait ? now + GATHER_MS : Number.NEGATIVE_INFINITY;
  }

  /** Its target has a new connection, and says next that it is there: what was out is lost, and goes again then. */
  rejoins(now: number): void {
    this.#gathersUntil = now + REJOIN_MS;
  }

  /** Somebody is there; of one who is busy, an answer to what went with the attempt that told so changes nothing. */
  answered(isStale = false): void {
    if (isStale && this.#isBusy) return;
    this.#isBusy = false;
    this.isRefused = false;
    this.silences = 0;
    this.isProbing = false;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** An answer did not come. */
  missed(): void {
    this.silences++;
    this.isProbing = true;
  }

  /** The broker does not allow to send: nobody got the attempt. */
  refused(): void {
    this.isRefused = true;
  }

  /** Nobody listens: ask again soon at first, then every `longestMs`, but after `leastMs`, unless there is a sign of life before. */
  away(now: number, longestMs: number, leastMs = 0, reason = NOBODY): void {
    this.silences = 0;
    this.#isBusy = false;
    this.isAway = true;
    this.busyReason = reason;
    this.#pause(now, longestMs);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + leastMs);
  }

  /** The receiver cannot take anything for now: a sign of life does not change that. One message asks again. */
  busy(now: number, reason: string): void {
    this.busyReason = reason;
    this.#isBusy = true;
    this.isRefused = false;
    this.isProbing = true;
    if (this.isAway || this.#pausedUntil <= now) this.#pause(now, LONGEST_PAUSE_MS);
    this.isAway = false;
  }

  /** The receiver answered as one that is not trusted does: what it has got must not go to it again. */
  doubt(reason: string): void {
    this.isDoubted = true;
    this.busyReason = reason;
  }

  /** A sign of life, perhaps the hello of a new connection; whether it ends a pause, or may do so. */
  wake(hasConnected = false): boolean {
    if (hasConnected) this.#gathersUntil = Number.NEGATIVE_INFINITY;
    if (!this.isAway && !this.isDoubted) return hasConnected;
    this.isDoubted = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.resume();
    return true;
  }

  /** Ends a pause; a doubt outlasts the connection. */
  resume(): void {
    this.isAway = false;
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  #pause(now: number, longestMs: number): void {
    this.#pausedUntil = now + Math.min(this.#pauseMs, longestMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestMs);
  }
}

/** The longest and the shortest time until a message goes again to where nobody listened, ms: a large one is not sent in vain as often as a small one, and of many lanes each asks less often. */
export function awayMs(
  { ackTimeoutMs, size }: { readonly ackTimeoutMs: number; readonly size: number },
  laneCount: number,
): readonly [longestMs: number, leastMs: number] {
  const inVainMs = Math.min(size / IN_VAIN_BYTES_PER_MS, LONGEST_IN_VAIN_MS);
  return [
    Math.max(ackTimeoutMs, laneCount * LONGEST_OF_LANE_MS),
    Math.max(inVainMs, laneCount * LEAST_OF_LANE_MS),
  ];
}
