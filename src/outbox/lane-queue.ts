import { randomBytes } from 'node:crypto';
import { pause } from '../lib/pause.ts';
import { type Statement, statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { LANE_SPAN, readEntries, saveLane } from './lane-rows.ts';
import { type Entry, LaneWindow } from './lane-window.ts';

/** Above this, new messages stay on disk until their turn comes near. */
const MEMORY_MESSAGES = 512;
const MEMORY_BYTES = 2 * 1024 * 1024;
/** Below this many unsent messages in memory, more are read from disk. */
const REFILL_BELOW = 128;
const RENEW_RETRY_MS = 1000;

/** A lane as the database knows it. */
export interface LaneRow {
  readonly id: number;
  readonly subject: string;
  readonly epoch: string;
  readonly nextSeq: number;
}

/** A random name for an outbox's life, in one lane. */
export function newEpoch(): string {
  return randomBytes(8).toString('hex');
}

/** The messages of a lane, on disk and, the next ones, in memory. */
export class LaneQueue {
  readonly subject: string;
  readonly window = new LaneWindow();
  readonly #store: Store;
  #id: number;
  #epoch: string;
  #nextSeq: number;
  /** The highest place on disk, and the highest that was brought into memory. */
  #lastQueued: number;
  #lastLoaded: number;
  #memoryBytes = 0;
  /** Places that were given up on disk and may still be read from there. */
  readonly #givenUp = new Set<number>();

  /** `hasRows`: whether messages may lie on disk from an earlier life of the process. */
  constructor(row: LaneRow, options: { store: Store; hasRows: boolean }) {
    this.subject = row.subject;
    this.#store = options.store;
    this.#id = row.id;
    this.#epoch = row.epoch;
    this.#nextSeq = row.nextSeq;
    this.#lastQueued = row.nextSeq - 1;
    this.#lastLoaded = options.hasRows ? 0 : this.#lastQueued;
    this.refill();
  }

  /** The lane's number in the database; a new epoch brings a new one. */
  get id(): number {
    return this.#id;
  }

  /** How many messages it holds, in memory and on disk; places that were given up in an earlier life count too. */
  get length(): number {
    return this.window.length + Math.max(0, this.#lastQueued - this.#lastLoaded - this.#givenUp.size);
  }

  get epoch(): string {
    return this.#epoch;
  }

  key(seq: number): number {
    return this.#id * LANE_SPAN + seq;
  }

  /** Gives the next free place. */
  allocate(): number {
    return this.#nextSeq++;
  }

  /** Statement that saves how far places were given. */
  save(): Statement {
    return saveLane({ id: this.#id, subject: this.subject, epoch: this.#epoch, nextSeq: this.#nextSeq });
  }

  /** Takes in messages that are on disk now; those that find no room are read again when their turn comes near. */
  committed(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const isNext = this.#lastLoaded === this.#lastQueued;
      this.#lastQueued = Math.max(this.#lastQueued, entry.seq);
      if (isNext && this.window.length < MEMORY_MESSAGES && this.#memoryBytes < MEMORY_BYTES)
        this.#load(entry);
    }
  }

  /** Reads more from disk when little is left in memory. */
  refill(): void {
    while (this.#lastLoaded < this.#lastQueued && this.#hasRoom()) {
      const entries = readEntries(this.#store, this.#id, this.#lastLoaded);
      for (const entry of entries) this.#load(entry);
      if (entries.length === 0) this.#lastLoaded = this.#lastQueued;
    }
  }

  /** Takes a message out that may lie on disk only: until `forgetGivenUp` it is not brought into memory. */
  giveUp(seq: number): void {
    if (seq > this.#lastLoaded) this.#givenUp.add(seq);
    else this.take(seq, seq);
  }

  /** What was given up is no longer on disk. */
  forgetGivenUp(): void {
    this.#givenUp.clear();
  }

  /** Takes messages out, for good. */
  take(first: number, last: number): Entry[] {
    const taken = this.window.take(first, last);
    for (const entry of taken) this.#memoryBytes -= entry.body.length;
    return taken;
  }

  /**
   * Begins a new epoch under lane number `id`: the messages that are left keep their order and places.
   * `moveLedger` makes the ledger's statement. The caller has nothing of this lane under way to the database.
   */
  async renew(
    id: number,
    moveLedger: (first: number, last: number, offset: number) => Statement,
  ): Promise<void> {
    const old = this.#id;
    const first = this.key(0);
    const last = this.key(LANE_SPAN - 1);
    const offset = (id - old) * LANE_SPAN;
    this.#id = id;
    this.#epoch = newEpoch();
    this.window.markUntried();
    const statements = [
      this.save(),
      statement('UPDATE lanes SET retired_at = ? WHERE id = ?', Date.now(), old),
      moveLedger(first, last, offset),
      statement('UPDATE outbox SET key = key + ? WHERE key BETWEEN ? AND ?', offset, first, last),
    ];
    // What is queued from now on goes to the new number, so there is no way back.
    while (!(await this.#isWritten(statements))) await pause(RENEW_RETRY_MS);
  }

  async #isWritten(statements: readonly Statement[]): Promise<boolean> {
    try {
      await this.#store.write(statements);
      return true;
    } catch {
      return false;
    }
  }

  #hasRoom(): boolean {
    if (this.window.length === 0) return true;
    return this.window.unsent < REFILL_BELOW && this.#memoryBytes < MEMORY_BYTES;
  }

  #load(entry: Entry): void {
    this.#lastLoaded = entry.seq;
    if (this.#givenUp.has(entry.seq)) return;
    this.window.push(entry);
    this.#memoryBytes += entry.body.length;
  }
}
