/** How many runs of all senders may be in their first second at once. */
const MAX_STARTING = 64;
/**
 * How many may be under way that share what there is: a sender has no more of them than are free for others, and so never more
 * than half. Each has a few in any case, up to a number over all.
 */
const [SHARED, OF_EACH, MAX_UNDER_WAY] = [2000, 8, 4000];
/** What the messages of those in their first second may take in memory, bytes; one may be larger. */
const STARTING_BYTES = 8 * 1024 * 1024;
/** What all that waits may take in memory, and what waits of one sender for one method, bytes. */
const [WAITING_BYTES, QUEUE_BYTES] = [12 * 1024 * 1024, 9 * 1024 * 1024];

/** What one request that waits takes, and the first one in a queue, as the queue comes with it, bytes. */
export const [WAITS_BYTES, FIRST_BYTES] = [200, 2000];

/** A queue that waits for a place. */
interface Turn {
  readonly bytes: number;
  readonly sender: string;
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
  readonly #underWayOf = new Map<string, number>();
  #waitingBytes = 0;

  /** Takes a place for a sender's run with a message of this size where one is free and nobody waits for it; false otherwise. */
  takeNow(bytes: number, sender: string): boolean {
    const waits = this.#turns.some((turn) => this.#hasShare(turn.sender));
    if (waits || !this.#hasShare(sender) || !this.#mayStart(bytes)) return false;
    this.#take(bytes, sender);
    return true;
  }

  /** Resolves when a place is taken; undefined where it is at once. */
  take(bytes: number, sender: string): Promise<void> | undefined {
    if (this.takeNow(bytes, sender)) return undefined;
    return new Promise((begin) => this.#turns.push({ bytes, sender, begin }));
  }

  /** How many runs of a sender are under way where those are its whole share; undefined where it has room for more. */
  fullOf(sender: string): number | undefined {
    return this.#hasShare(sender) ? undefined : (this.#underWayOf.get(sender) ?? 0);
  }

  /** A run is past its first second, or has ended. */
  started(bytes: number): void {
    this.#starting--;
    this.#startingBytes -= bytes;
    this.#goOn();
  }

  /** Nothing more is to be done for a run of a sender. */
  ended(sender: string): void {
    this.#underWay--;
    const left = this.#underWayOf.get(sender)! - 1;
    if (left > 0) this.#underWayOf.set(sender, left);
    else this.#underWayOf.delete(sender);
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

  #hasShare(sender: string): boolean {
    const own = this.#underWayOf.get(sender) ?? 0;
    return this.#underWay < MAX_UNDER_WAY && own < Math.max(OF_EACH, SHARED - this.#underWay);
  }

  #mayStart(bytes: number): boolean {
    // What runs on holds nobody up, whatever it keeps in memory: it may take days.
    return (
      this.#starting === 0 || (this.#starting < MAX_STARTING && this.#startingBytes + bytes <= STARTING_BYTES)
    );
  }

  #take(bytes: number, sender: string): void {
    this.#starting++;
    this.#startingBytes += bytes;
    this.#underWay++;
    this.#underWayOf.set(sender, (this.#underWayOf.get(sender) ?? 0) + 1);
  }

  /** In their order, but past those of a sender that has its share. */
  #goOn(): void {
    const at = this.#turns.findIndex(({ sender }) => this.#hasShare(sender));
    const next = this.#turns[at];
    if (!next || !this.#mayStart(next.bytes)) return;
    this.#turns.splice(at, 1);
    this.#take(next.bytes, next.sender);
    next.begin();
  }
}
