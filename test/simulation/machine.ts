import type { Clock } from '../../src/lib/clock.ts';
import type { Edges } from '../../src/lib/edges.ts';
import { createNewId } from '../../src/lib/new-id.ts';
import type { Chance } from './chance.ts';
import { SimDisk } from './sim-disk.ts';
import { simFileSystem } from './sim-file-system.ts';
import { SimFiles } from './sim-files.ts';
import { Outside } from './sim-outside.ts';
import type { Timeline } from './timeline.ts';

/** The date at which simulated worlds begin, unless told, unix ms. */
const BEGINNING = Date.UTC(2026, 0, 1);
/** Between a timer that was due in a freeze and what came from outside meanwhile, ms: timers are looked at first. */
const AFTER_THAW_MS = 0.5;
/** After a freeze, what came from outside meanwhile has been heard by then, ms. */
const AFTER_READY_MS = 2 * AFTER_THAW_MS;
/** Where a node notes the newest id of a message, besides its database. */
export const NEWEST_ID_FILE = 'simulated/newest-id';
/** Times differ by this much at least, ms. */
const ROUNDING_MS = 1e-6;

/** A machine that nodes live on, one after the other: its clocks, its disk, its files. */
export class Machine {
  readonly name: string;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly disk: SimDisk;
  readonly files: SimFiles;
  readonly outside: Outside;
  /** When the word of what had been done could be lost: its node ended, or could not write it down. */
  readonly unsureAt: number[] = [];
  readonly #beganAt: number;
  /** What the wall clock was set by, ms. */
  setBy = 0;
  frozenUntil = 0;
  /** Springs when the disk has been worked at so often: crashes are aimed at moments when something is half done. */
  #trap: { left: number; spring: () => void } | undefined;
  #rate = 1;
  #steady = 10_000;
  #readAt = 0;

  constructor(
    name: string,
    deps: { readonly timeline: Timeline; readonly chance: Chance; readonly beginsAt?: number | undefined },
  ) {
    this.name = name;
    this.#beganAt = deps.beginsAt ?? BEGINNING;
    this.timeline = deps.timeline;
    this.chance = deps.chance;
    this.disk = new SimDisk(this);
    this.files = new SimFiles(this);
    this.outside = new Outside(this);
  }

  /** Ms of its steady clock. */
  steadyNow(): number {
    this.#steady += (this.timeline.now - this.#readAt) * this.#rate;
    this.#readAt = this.timeline.now;
    return this.#steady;
  }

  wallNow(): number {
    return Math.floor(this.#beganAt + this.steadyNow() + this.setBy);
  }

  /** Whether it goes on just now, and has not heard yet of what came from outside while it stood still. */
  get isThawing(): boolean {
    return this.frozenUntil > 0 && this.timeline.now - this.frozenUntil < AFTER_READY_MS;
  }

  /** Has something happen after so much more work of the disk. */
  setTrap(works: number, spring: () => void): void {
    this.#trap = { left: works, spring };
  }

  /** Something was written, or read: whoever did it has not been told yet. */
  worked(): void {
    if (!this.#trap || this.#trap.left-- > 0) return;
    const { spring } = this.#trap;
    this.#trap = undefined;
    spring();
  }

  /** The newest id that was noted besides the database; '' where there is none. */
  get notedId(): string {
    return this.files.read(NEWEST_ID_FILE);
  }

  /** Lets its clocks run faster or slower than time. */
  drift(rate: number): void {
    this.steadyNow();
    this.#rate = rate;
  }

  get rate(): number {
    return this.#rate;
  }
}

/** One life of a node, from a start to a crash: after that nothing that it asked for answers any more. */
export class Life {
  readonly machine: Machine;
  readonly edges: Edges;
  isOver = false;
  readonly #chance: Chance;
  /** Timers that wait, but for those that come again and again. */
  timers = 0;

  constructor(machine: Machine, chance: Chance) {
    this.machine = machine;
    this.#chance = chance;
    const clock = this.#clock();
    const random = { bytes: (count: number) => this.#chance.bytes(count) };
    let makeId: (() => string) | undefined;
    // As `node/build-node.ts` has it: later lives give higher ids, however the clock was set.
    const newId = () => {
      makeId ??= createNewId({
        clock,
        random,
        after: [machine.disk.newestId, machine.notedId].sort().at(-1),
      });
      return makeId();
    };
    this.edges = { clock, random, newId, files: simFileSystem(machine.files, this) };
  }

  get chance(): Chance {
    return this.#chance;
  }

  /** Does something for this life later, unless it is over by then; a frozen machine does it when it goes on. */
  later(ms: number, task: () => void, afterThawMs: number = AFTER_THAW_MS): () => void {
    const { timeline } = this.machine;
    let cancel = timeline.after(ms, fire);
    const { machine } = this;
    const isOver = () => this.isOver;
    function fire(): void {
      if (isOver()) return;
      const left = machine.frozenUntil - timeline.now;
      if (left > ROUNDING_MS) cancel = timeline.after(left + afterThawMs, fire);
      else task();
    }
    return () => cancel();
  }

  #clock(): Clock {
    const { machine } = this;
    return {
      wallNow: () => machine.wallNow(),
      steadyNow: () => machine.steadyNow(),
      steadyOrigin: `boot of ${machine.name}`,
      after: (ms, task) => {
        this.timers++;
        let isOpen = true;
        const end = () => {
          if (isOpen) this.timers--;
          isOpen = false;
        };
        // What is ready to run now, after a freeze too, comes before a task that is to follow it.
        const cancel = this.later(
          ms > 0 ? ms / machine.rate : AFTER_READY_MS * Number(machine.isThawing),
          () => {
            end();
            task();
          },
          0,
        );
        return () => {
          end();
          cancel();
        };
      },
      every: (ms, task) => {
        let cancel = () => {};
        const again = () => {
          cancel = this.later(
            ms / machine.rate,
            () => {
              again();
              task();
            },
            0,
          );
        };
        again();
        return () => cancel();
      },
    };
  }
}
