/** A way over the link, seen from this node. */
type Way = 'in' | 'out';

/** What went one way, and lately. Lately: since the window began, and in the one before. */
interface Went {
  bytes: number;
  lately: readonly [now: number, before: number];
  /** Whether it had something to send. */
  wanted: readonly [now: boolean, before: boolean];
}

/** How long a way that had something to send is taken to have more of it; ms. */
export const WINDOW_MS = 4000;

/**
 * Shares what is left of a budget between both ways: each may take the half of the other too, but for what that needs of it until the day is
 * over, at the rate at which it went lately. Nobody knows that when a day or a connection begins: for a moment each has its half.
 */
export class FairShare {
  readonly #ways: Readonly<Record<Way, Went>> = { in: nothing(), out: nothing() };
  #half = 0;
  #windowAt = Number.NEGATIVE_INFINITY;
  #unknownUntil = Number.NEGATIVE_INFINITY;

  /** So much is to be shared from now on, bytes. */
  share(bytes: number): void {
    this.#half = bytes / 2;
    for (const way of Object.values(this.#ways)) way.bytes = 0;
  }

  /** Both ways may have waited for this moment, ms of a steady clock as the others. */
  opened(now: number): void {
    this.#unknownUntil = now + WINDOW_MS;
  }

  went(way: Way, bytes: number, now: number): void {
    this.#turn(now);
    const went = this.#ways[way];
    went.bytes += bytes;
    went.lately = [went.lately[0] + bytes, went.lately[1]];
  }

  /** There is something to send that way. */
  wants(way: Way, now: number): void {
    this.#turn(now);
    const went = this.#ways[way];
    went.wanted = [true, went.wanted[1]];
  }

  /** What the other way is to leave for this one, where `leftMs` are left of the day; bytes. */
  kept(way: Way, now: number, leftMs: number): number {
    this.#turn(now);
    const { bytes, lately, wanted } = this.#ways[way];
    const left = Math.max(0, this.#half - bytes);
    if (now < this.#unknownUntil) return left;
    if (!wanted[0] && !wanted[1]) return 0;
    return Math.min(left, ((lately[0] + lately[1]) * leftMs) / WINDOW_MS);
  }

  #turn(now: number): void {
    if (now - this.#windowAt < WINDOW_MS) return;
    const isNext = now - this.#windowAt < 2 * WINDOW_MS;
    this.#windowAt = now;
    for (const went of Object.values(this.#ways)) {
      went.lately = [0, isNext ? went.lately[0] : 0];
      went.wanted = [false, isNext && went.wanted[0]];
    }
  }
}

function nothing(): Went {
  return { bytes: 0, lately: [0, 0], wanted: [false, false] };
}
