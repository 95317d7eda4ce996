/** How many runs of all senders may be in their first second at once, and under way in all. */
const [MAX_STARTING, MAX_UNDER_WAY] = [64, 1000];
/** What the messages of those in their first second may take in memory, bytes; one may be larger. */
const STARTING_BYTES = 8 * 1024 * 1024;
/** What all that waits may take in memory, and what waits of one sender for one method, bytes. */
const [WAITING_BYTES, QUEUE_BYTES] = [12 * 1024 * 1024, 9 * 1024 * 1024];

/** What one request that waits takes, and the first one in a queue, as the queue comes with it, bytes. */
export const [WAITS_BYTES, FIRST_BYTES] = [200, 2000];

/** A queue that waits for a place. */
interface Turn {
  readonly bytes: number;
  begin(): void;
}

/**
 * The room that all run queues share, however many senders somebody makes up: places for runs, which queues take in turn, and
 * memory for what waits.
 */
export class RunRoom {
  readonly #turns: Turn[] = [];
  #starting = 0;
  #startingBytes = 0;
  #underWay = 0;
  #waitingBytes = 0;

  /** Takes a place for a run with a message of this size where one is free and nobody waits for it; false otherwise. */
  takeNow(bytes: number): boolean {
    if (!this.#isFree(bytes) || this.#turns.length > 0) return false;
    this.#take(bytes);
    return true;
  }

  /** Resolves when a place is taken; undefined where it is at once. */
  take(bytes: number): Promise<void> | undefined {
    return this.takeNow(bytes) ? undefined : new Promise((begin) => this.#turns.push({ bytes, begin }));
  }

  /** A run is past its first second, or has ended. */
  started(bytes: number): void {
    this.#starting--;
    this.#startingBytes -= bytes;
    this.#goOn();
  }

  /** Nothing more is to be done for a run. */
  ended(): void {
    this.#underWay--;
    this.#goOn();
  }

  /** Whether another request may wait, in a queue of which so much waits. */
  hasRoomToWait(queueBytes: number): boolean {
    return this.#waitingBytes < WAITING_BYTES && queueBytes < QUEUE_BYTES;
  }

  /** Notes that requests wait, or that they do not any more (less than 0). */
  wait(bytes: number): void {
    this.#waitingBytes += bytes;
  }

  #isFree(bytes: number): boolean {
    if (this.#starting >= MAX_STARTING || this.#underWay >= MAX_UNDER_WAY) return false;
    // What runs on holds nobody up, whatever it keeps in memory: it may take days.
    return this.#starting === 0 || this.#startingBytes + bytes <= STARTING_BYTES;
  }

  #take(bytes: number): void {
    this.#starting++;
    this.#startingBytes += bytes;
    this.#underWay++;
  }

  #goOn(): void {
    const [next] = this.#turns;
    if (!next || !this.#isFree(next.bytes)) return;
    this.#turns.shift();
    this.#take(next.bytes);
    next.begin();
  }
}
