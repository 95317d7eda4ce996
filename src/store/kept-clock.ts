import type { Clock } from '../lib/clock.ts';
import { readMeta, saveMeta } from './meta.ts';
import type { Statement, Store } from './store.ts';

/** What the lives of messages are measured by, which outlast the process. */
export interface KeptTime {
  /** Ms that go on steadily, whatever is done to the machine's clock, and over restarts. They begin as unix ms. */
  now(): number;
  /** The date that a reading means by today's wall clock, unix ms. */
  toWall(reading: number): number;
  /** Calls `work` soon after the wall clock was set. */
  onSet?(work: () => void): void;
}

/** What is kept of the clock: two readings of the same moment, and the wall clock's. */
interface Saved {
  readonly kept: number;
  readonly origin: string;
  readonly steady: number;
  readonly wall: number;
  /** By how much the wall clock was set in all, forth less back, and how long ago the last time was, ms. */
  readonly set?: { readonly ms: number; readonly agoMs: number };
}

/** The times of a room that are written by this clock. */
export interface KeptTimes {
  /** Makes the statements that move all of them, ms. */
  shift(ms: number): readonly Statement[];
  /** Finds a row while there are any. */
  readonly anySql: string;
}

interface Deps {
  readonly store: Pick<Store, 'get' | 'write'>;
  readonly clock: Clock;
  readonly times: readonly KeptTimes[];
  /** Makes the statements that move the dates of what is open, ms: they are by the wall clock, and ages are reckoned from them. */
  dates?(ms: number): readonly Statement[];
}

const META_KEY = 'kept_clock';
const NEVER_SET = { ms: 0, agoMs: Number.MAX_SAFE_INTEGER };
const SAVE_EVERY_MS = 600_000;
const LOOK_EVERY_MS = 5000;
/** The clocks may be apart by this much without a correction, ms. */
const SLACK_MS = 1000;

/**
 * A clock for what is on disk: lives, deadlines and schedules are written by it, and no step of the wall clock makes them
 * shorter or longer. After a restart on the same boot of the machine it goes on exactly; after another boot the wall
 * clock says how long the machine was off, but never less than nothing. Each start brings its readings back to the wall
 * clock, together with what was written by it, so that a version that reads them as dates is right too. It watches the wall
 * clock while times are on disk: an idle node wakes for it every ten minutes only. Dates of what is open are by the wall
 * clock. Where that is set they are moved with it, before anything is written by the new one: their ages stay.
 */
export class KeptClock implements KeptTime, AsyncDisposable {
  /** What is written down each time that the clock is. */
  alongside: () => readonly Statement[] = () => [];
  /** The machine's clock, for all whose dates are written down. */
  readonly clock: Clock;
  readonly #deps: Deps;
  #cancelLook = () => {};
  /** Whether it was read since it last looked: a time may be on its way to the disk. */
  #isRead = false;
  /** Whether it looks often. */
  #isWatching = false;
  #isOver = false;
  /** Kept readings are the steady clock's plus this. */
  readonly #ahead: number;
  #saved: Saved;
  /** What dates on disk are still to be moved by, ms, as it could not be written. */
  #owedMs = 0;
  /** By how much the wall clock was set in all, ms, and when the last time was, by this clock. */
  #set = { ms: 0, at: Number.NEGATIVE_INFINITY };
  #saving: Promise<void> = Promise.resolve();
  readonly #onSet: (() => void)[] = [];

  private constructor(deps: Deps, kept: number) {
    this.#deps = deps;
    this.#ahead = kept - deps.clock.steadyNow();
    this.#saved = this.#reading();
    this.#lookLater(LOOK_EVERY_MS);
    const { clock } = deps;
    this.clock = {
      wallNow: () => {
        this.#follow();
        return clock.wallNow();
      },
      steadyNow: () => clock.steadyNow(),
      steadyOrigin: clock.steadyOrigin,
      after: (delayMs, task) => clock.after(delayMs, task),
      every: (intervalMs, task) => clock.every(intervalMs, task),
    };
  }

  /** Finds out what time it is by this clock, and writes the times on disk anew. Throws StoreError. */
  static async open(deps: Deps): Promise<KeptClock> {
    const wall = deps.clock.wallNow();
    const before = readingOf(deps.store);
    const kept = before === undefined ? wall : goneOn(before, deps.clock);
    const shiftMs = Math.round(wall - kept);
    const isSlack = Math.abs(shiftMs) < SLACK_MS;
    const clock = new KeptClock(deps, isSlack ? kept : wall);
    if (before) {
      clock.#owedMs = Math.round(shiftMs - (before.wall - before.kept));
      const { ms, agoMs } = before.set ?? NEVER_SET;
      clock.#set = { ms, at: clock.#now() - agoMs - (kept - before.kept) };
    }
    await clock.save(isSlack ? [] : deps.times.flatMap((times) => times.shift(shiftMs)));
    return clock;
  }

  now(): number {
    this.#isRead = true;
    if (!this.#isWatching) {
      this.#isWatching = true;
      // What is to be written by this reading must find the step that came while nobody looked.
      this.#follow();
      this.#lookLater(LOOK_EVERY_MS);
    }
    return this.#now();
  }

  toWall(reading: number): number {
    return Math.round(reading + this.#deps.clock.wallNow() - this.#now());
  }

  /** Resolves when the dates on disk are by the wall clock as it is set now, as far as they can be written. */
  async followed(): Promise<void> {
    this.#follow();
    await this.#saving;
  }

  /**
   * How much older than it is something seems that was dated within the last `withinMs`, as the wall clock was set forth since:
   * what is to be kept for so long is kept for that much longer.
   */
  aheadMs(withinMs: number): number {
    this.#follow();
    return this.#now() - this.#set.at < withinMs ? Math.max(0, this.#set.ms) : 0;
  }

  onSet(work: () => void): void {
    this.#onSet.push(work);
  }

  /** Writes down how late it is, together with other statements. */
  async save(alongside: readonly Statement[] = []): Promise<void> {
    const before = this.#saved;
    const saved = this.#reading();
    this.#saved = saved;
    const setMs = this.#owedMs + Math.round(saved.wall - saved.kept - (before.wall - before.kept));
    this.#owedMs = 0;
    const isSet = Math.abs(setMs) >= SLACK_MS;
    const moved = isSet ? (this.#deps.dates?.(setMs) ?? []) : [];
    if (isSet) this.#set = { ms: this.#set.ms + setMs, at: saved.kept };
    const all = [...alongside, ...moved, ...this.alongside()];
    const set = { ms: this.#set.ms, agoMs: Math.round(Math.min(saved.kept - this.#set.at, NEVER_SET.agoMs)) };
    try {
      await this.#deps.store.write([...all, saveMeta(META_KEY, JSON.stringify({ ...saved, set }))]);
    } catch (error) {
      if (moved.length > 0) {
        this.#owedMs += setMs;
        this.#set = { ...this.#set, ms: this.#set.ms - setMs };
      }
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#cancelLook();
    await this.save().catch(() => {});
  }

  #now(): number {
    return this.#deps.clock.steadyNow() + this.#ahead;
  }

  #lookLater(ms: number): void {
    this.#cancelLook();
    if (!this.#isOver) this.#cancelLook = this.#deps.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const ageMs = this.#now() - this.#saved.kept;
    this.#follow();
    if (this.#owedMs !== 0 || ageMs >= SAVE_EVERY_MS) this.#saveSoon();
    this.#isWatching = this.#isRead || this.#isInUse();
    this.#isRead = false;
    const idleMs = Math.max(LOOK_EVERY_MS, SAVE_EVERY_MS - (ageMs % SAVE_EVERY_MS));
    this.#lookLater(this.#isWatching ? LOOK_EVERY_MS : idleMs);
  }

  #isInUse(): boolean {
    try {
      return this.#deps.times.some(({ anySql }) => this.#deps.store.get(anySql) !== undefined);
    } catch {
      return true;
    }
  }

  /** Notes where the wall clock was set. */
  #follow(): void {
    if (!this.#wasSet()) return;
    this.#saveSoon();
    for (const work of this.#onSet) this.#deps.clock.after(0, work);
  }

  #saveSoon(): void {
    this.#saving = this.save().catch(() => {});
  }

  #reading(): Saved {
    const { clock } = this.#deps;
    return {
      kept: this.#now(),
      origin: clock.steadyOrigin,
      steady: clock.steadyNow(),
      wall: clock.wallNow(),
    };
  }

  /** Whether the wall clock was set since it was last written down. */
  #wasSet(): boolean {
    const { kept, wall } = this.#saved;
    return Math.abs(this.#deps.clock.wallNow() - this.#now() - (wall - kept)) >= SLACK_MS;
  }
}

function readingOf(store: Pick<Store, 'get'>): Saved | undefined {
  const saved = readMeta(store, META_KEY);
  return saved === undefined ? undefined : (JSON.parse(saved) as Saved);
}

function goneOn({ kept, origin, steady, wall }: Saved, clock: Clock): number {
  if (origin === clock.steadyOrigin) return kept + Math.max(0, clock.steadyNow() - steady);
  return kept + Math.max(0, clock.wallNow() - wall);
}
