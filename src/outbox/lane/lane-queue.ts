import { type Clock, wait } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { isTemporary } from '../../lib/temporary-error.ts';
import type { SendWindow } from '../../link/send-window.ts';
import { PRIORITIES } from '../../message/priority.ts';
import { parseSubject } from '../../message/subject.ts';
import { LANE_SPAN, type Statement, type Store, statement } from '../../store/store.ts';
import type { BodyMemory } from './body-memory.ts';
import { type LaneRow, readBody, readEntries, saveLane } from './lane-rows.ts';
import { LaneUrgency } from './lane-urgency.ts';
import { type Entry, LaneWindow } from './lane-window.ts';

/** How many messages are read at once, and above how many new ones stay on disk, while a lane sends freely. */
const READ_AHEAD = 256;
const MEMORY_MESSAGES = 512;
/** Bodies up to this size are read with what is known of their messages, bytes: 1 MiB at once at most. */
const BODY_AHEAD_BYTES = 4096;
/** Below this many unsent messages in memory, more are read. */
const REFILL_BELOW = 128;
const RENEW_RETRY_MS = 1000;

interface LaneQueueDeps {
  readonly store: Store;
  readonly bodies: BodyMemory;
  readonly clock: Clock;
  readonly random: Random;
}

/** A random name for an outbox's life, in one lane. */
export function newEpoch(random: Random): string {
  return random.bytes(8).toString('hex');
}

/**
 * The messages of a lane: all on disk, and what is known of the next ones in memory. While the lane sends freely these
 * are some hundreds; of one whose target is away it is the first.
 */
export class LaneQueue {
  readonly subject: string;
  readonly window: LaneWindow;
  readonly #deps: LaneQueueDeps;
  readonly #bodies: BodyMemory;
  /** The lane's number in the database, and its epoch; a new epoch brings a new number. */
  id: number;
  epoch: string;
  #nextSeq: number;
  /** The highest place on disk, and the highest that is known in memory. */
  lastQueued: number;
  #lastLoaded: number;
  /** How many messages lie on disk beyond those that are known in memory. */
  #beyond: number;
  /** Places from here on were given in this life of the process, or in an epoch that began in it. */
  #bornAt: number;
  /** How many places were given to messages that are not on disk yet. */
  coming = 0;
  #isFlowing = false;
  readonly #urgency: LaneUrgency;
  /** What brings the rows to another lane number, until that is done: nothing can be read meanwhile. */
  #move: readonly Statement[] | undefined;
  /** Places that were given up and may still be read from disk, and those that were called off and may be read as if they were not. */
  #givenUp: Set<number> | undefined;
  /** The latter: their rows say so in a moment. */
  #calledOff: Set<number> | undefined;
  /** Places below this one may have been sent in an earlier life of the process. */
  #unsentFrom = 0;
  /** Places from here on wait until those below are done with, and then for a new epoch. */
  #renewAt = Number.POSITIVE_INFINITY;

  /**
   * `first`: the first message that lies on disk from an earlier life of the process; `isDoubtful`: whether its epoch may
   * have gone further than this database knows, so that no new place may be given in it; `peer`: its target.
   */
  constructor(
    row: LaneRow,
    options: { first?: Entry; isDoubtful?: boolean; peer?: { readonly window: SendWindow } },
    deps: LaneQueueDeps,
  ) {
    const { first } = options;
    this.subject = row.subject;
    this.window = new LaneWindow(options.peer?.window);
    this.#deps = deps;
    this.#bodies = deps.bodies;
    this.id = row.id;
    this.epoch = row.epoch;
    this.#nextSeq = row.nextSeq;
    this.#bornAt = row.nextSeq;
    this.lastQueued = row.nextSeq - 1;
    if (options.isDoubtful) this.#renewAt = row.nextSeq;
    this.#lastLoaded = this.lastQueued;
    this.#beyond = 0;
    this.#urgency = new LaneUrgency(parseSubject(row.subject)?.method ?? '', first ? this.lastQueued : 0);
    if (!first) return;
    this.#readIn(first, null);
    this.#unsentFrom = Math.min(this.#bornAt, first.seq + MEMORY_MESSAGES);
    // Places below the first one are taken; those behind it are taken for full.
    this.#beyond = Math.max(0, this.lastQueued - first.seq);
  }

  /** How many messages it holds, in memory and on disk; places that were given up in an earlier life count too. */
  get length(): number {
    return this.window.length + this.#beyond;
  }

  /** The class of its most urgent message: 0 is the most urgent. */
  get urgency(): number {
    const { first } = this.window;
    return first ? this.#urgency.of(first, this.length) : PRIORITIES.length - 1;
  }

  /** Whether all that is in it is on its way. */
  get isSent(): boolean {
    return this.#beyond === 0 && this.window.unsent === 0;
  }

  key(seq: number): number {
    return this.id * LANE_SPAN + seq;
  }

  /** Returns the next free place. */
  allocate(): number {
    return this.#nextSeq++;
  }

  /** Statements that save how far places were given; rows that are still to be moved go in front of new ones. */
  save(): Statement[] {
    const row = { id: this.id, subject: this.subject, epoch: this.epoch, nextSeq: this.#nextSeq };
    return [...(this.#move ?? []), saveLane(row)];
  }

  /** Whether a new epoch has begun whose rows are not moved yet. */
  get isMoving(): boolean {
    return this.#move !== undefined;
  }

  /** Takes in messages that are on disk now; those that find no room are read again when their turn comes near. */
  committed(entries: readonly Entry[], bodies: Pick<ReadonlyMap<Entry, Uint8Array>, 'get'>): void {
    for (const entry of entries) this.#add(entry, bodies.get(entry)!);
  }

  /** Reads what is known of more messages when little of it is left in memory. */
  refill(): void {
    const [below, limit] = this.#isFlowing ? [REFILL_BELOW, READ_AHEAD] : [1, 1];
    const last = Math.min(this.lastQueued, this.#renewAt - 1);
    while (!this.#move && this.#lastLoaded < last && this.window.unsent < below) this.#read(limit, last);
  }

  /** Whether many messages may be on their way at once: then more of them are known in memory. */
  flow(isFlowing: boolean): void {
    if (isFlowing === this.#isFlowing) return;
    this.#isFlowing = isFlowing;
    if (isFlowing) return this.refill();
    this.freeBodies();
    const trimmed = this.window.trim(1);
    this.#beyond += trimmed.length;
    if (trimmed[0]) this.#lastLoaded = trimmed[0].seq - 1;
  }

  /** The body of a message, from memory or disk; undefined where it is not to be sent any more. */
  bodyOf(entry: Entry): Uint8Array | undefined {
    return entry.body ?? readBody(this.#deps.store, this.key(entry.seq));
  }

  /** Takes a message out that may lie on disk only: until `forgetGivenUp` it is not brought into memory. */
  giveUp(seq: number): void {
    if (this.#givenUp?.has(seq)) return;
    this.#givenUp ??= new Set();
    this.#givenUp.add(seq);
    if (seq > this.#lastLoaded) this.#beyond = Math.max(0, this.#beyond - 1);
    else this.take(seq, seq, false);
  }

  /** Notes that a message is called off, which its row does not say yet. */
  callOff(seq: number): void {
    this.#calledOff ??= new Set();
    this.#calledOff.add(seq);
  }

  /** Whether a message has been taken out, or called off, although its row may be on disk until that is written down. */
  isTakenOut(seq: number): boolean {
    return (
      this.#givenUp?.has(seq) ||
      this.#calledOff?.has(seq) ||
      (seq <= this.#lastLoaded && this.window.find(seq) === undefined)
    );
  }

  /** Whether a message is known in memory: it may be on its way. */
  isKnown(seq: number): boolean {
    return seq <= this.#lastLoaded;
  }

  /** Whether all that waits is to be sent in a new epoch. */
  get needsEpoch(): boolean {
    return (
      this.window.length === 0 && this.#lastLoaded >= this.#renewAt - 1 && this.lastQueued >= this.#renewAt
    );
  }

  /** Whether a message may have reached its target, in this epoch: in this life of the process, or in an earlier one. */
  mayBeThere({ isSent, mayHaveArrived, seq }: Entry): boolean {
    return isSent || mayHaveArrived || seq < this.#unsentFrom;
  }

  /** What was given up is no longer on disk, and the rows of what was called off say so. */
  forgetGivenUp(): void {
    this.#givenUp = undefined;
    this.#calledOff = undefined;
  }

  /** Takes messages out, for good. */
  take(first: number, last: number, isAnswered = true): Entry[] {
    const taken = this.window.take(first, last, isAnswered);
    for (const entry of taken) this.#bodies.release(entry);
    return taken;
  }

  /** Lets go of the bodies of all messages: they are read again when they are sent. */
  freeBodies(): void {
    for (const entry of this.window) this.#bodies.free(entry);
  }

  /**
   * Begins a new epoch under lane number `id`: the messages that are left keep their order and places.
   * `moveLedger` makes the ledger's statement. The caller has nothing of this lane under way to the database.
   */
  renew(id: number, moveLedger: (first: number, last: number, offset: number) => Statement): Promise<void> {
    const old = this.id;
    const first = this.key(0);
    const last = this.key(LANE_SPAN - 1);
    const offset = (id - old) * LANE_SPAN;
    this.id = id;
    this.epoch = newEpoch(this.#deps.random);
    this.#bornAt = 0;
    this.#unsentFrom = 0;
    this.#renewAt = Number.POSITIVE_INFINITY;
    this.window.markUntried();
    // What is queued from now on goes to the new number, so there is no way back.
    this.#move = [
      ...this.save(),
      statement('UPDATE lanes SET retired_at = ? WHERE id = ?', this.#deps.clock.wallNow(), old),
      moveLedger(first, last, offset),
      statement('UPDATE outbox SET key = key + ? WHERE key BETWEEN ? AND ?', offset, first, last),
    ];
    return this.finishMove();
  }

  /** Moves the rows to the new epoch's number. Throws a fault that does not pass, and can be called again then. */
  async finishMove(): Promise<void> {
    const { store, clock } = this.#deps;
    while (this.#move) {
      try {
        await store.write(this.#move);
        this.#move = undefined;
      } catch (error) {
        if (!isTemporary(error)) throw error;
        await wait(clock, RENEW_RETRY_MS);
      }
    }
  }

  #add(entry: Entry, body: Uint8Array): void {
    const isNext = this.#lastLoaded >= this.lastQueued;
    this.lastQueued = Math.max(this.lastQueued, entry.seq);
    this.#urgency.note(entry);
    // It was on disk before this was told, and has been read from there.
    if (entry.seq <= this.#lastLoaded) return;
    if (isNext && entry.seq < this.#renewAt && this.window.length < (this.#isFlowing ? MEMORY_MESSAGES : 1)) {
      this.#load(entry, this.#isFlowing ? body : null);
    } else if (!this.#givenUp?.has(entry.seq)) this.#beyond++;
  }

  #read(limit: number, last: number): void {
    const places = { lane: this.id, seq: this.#lastLoaded, last, limit };
    const read = readEntries(this.#deps.store, places, limit > 1 ? BODY_AHEAD_BYTES : -1);
    for (const { entry, body } of read) {
      this.#beyond = Math.max(0, this.#beyond - (this.#givenUp?.has(entry.seq) ? 0 : 1));
      this.#readIn(entry, body);
    }
    if (read.length === 0) this.#lastLoaded = last;
    // Places that were given up in an earlier life were taken for full until here.
    if (this.#lastLoaded >= this.lastQueued) this.#beyond = 0;
  }

  #readIn(entry: Entry, body: Uint8Array | null): void {
    this.#urgency.note(entry);
    entry.isUntried = entry.seq >= this.#bornAt;
    this.#load(entry, body);
  }

  #load(entry: Entry, body: Uint8Array | null): void {
    this.#lastLoaded = entry.seq;
    if (this.#calledOff?.has(entry.seq)) entry.isCalledOff = true;
    if (this.#givenUp?.has(entry.seq)) return;
    this.window.push(entry);
    if (body) this.#bodies.keep(entry, body);
  }
}
