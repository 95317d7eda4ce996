import type { Config } from '../../src/config/config.ts';
import type { TrustMode } from '../../src/config/trust-config.ts';
import type { Chance } from './chance.ts';
import { Life, Machine, NEWEST_ID_FILE } from './machine.ts';
import type { SimAdmission } from './sim-admission.ts';
import { Link, SimBroker } from './sim-broker.ts';
import { SimProcesses } from './sim-commands.ts';
import { configOf, MESSAGE_TTL_SECONDS } from './sim-config.ts';
import { SimNode, type Swaps } from './sim-node.ts';
import { SimOriginal } from './sim-original.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';

/** How long the system waits before it starts a node again that ended by itself, ms. */
const RESTART_MS = 5000;
/** How long a stop may take before the process is killed, ms. */
const STOP_PATIENCE_MS = 10_000;
const MAX_PAYLOAD = 8192;
const SETTINGS = { messageTtlSeconds: MESSAGE_TTL_SECONDS, helloIntervalSeconds: 30 };

interface Place {
  readonly machine: Machine;
  readonly link: Link;
  readonly processes: SimProcesses;
  readonly nodeName: string;
  node: SimNode | undefined;
  lives: number;
  /** Not before then it is started again. */
  downUntil: number;
  backup: { readonly content: Uint8Array; readonly newestId: string } | undefined;
  /** When its database was last set back. */
  setBackAt: number;
}

interface CrashOptions {
  readonly downMs: number;
  readonly losesPower?: boolean;
}

/** A fleet, its broker, and its machines. */
export class World {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly broker: SimBroker;
  readonly truth: Truth;
  readonly #swaps: Swaps;
  readonly #trust: TrustMode;
  readonly #beginsAt: number | undefined;
  /** What nodes are set to that differs from what `configOf` says. */
  readonly settings: Partial<Config> & typeof SETTINGS;
  readonly #places = new Map<string, Place>();
  /** The node of the original program, where there is one. */
  original: SimOriginal | undefined;
  /** Who lets others into a closed fleet. */
  admission: SimAdmission | undefined;
  /** How often nodes call that are connected during calls alone, ms; the others keep their connection. */
  readonly callsEvery = new Map<string, number>();
  /** The budgets of links that have one, bytes a day. */
  readonly budgets = new Map<string, number>();
  /** When the weather cleared, ms. */
  clearedAt = 0;
  /** What ends each fault that has not ended. */
  readonly #heals = new Set<() => void>();

  constructor(deps: {
    timeline: Timeline;
    chance: Chance;
    truth: Truth;
    swaps: Swaps;
    trust?: TrustMode;
    beginsAt?: number | undefined;
    settings?: Partial<Config>;
    maxPayload?: number;
  }) {
    this.#trust = deps.trust ?? 'open';
    this.#beginsAt = deps.beginsAt;
    this.settings = { ...SETTINGS, ...deps.settings };
    this.timeline = deps.timeline;
    this.chance = deps.chance.fork('world');
    this.truth = deps.truth;
    this.#swaps = deps.swaps;
    this.broker = new SimBroker(deps.timeline, { maxPayload: deps.maxPayload ?? MAX_PAYLOAD });
  }

  get names(): string[] {
    return [...this.#places.keys()];
  }

  get places(): readonly Place[] {
    return [...this.#places.values()];
  }

  /** Sets up a machine and starts a node on it. */
  add(name: string, { nodeName = name, startsAt = 0 }: { nodeName?: string; startsAt?: number } = {}): void {
    const { timeline } = this;
    const machine = new Machine(name, { timeline, chance: this.chance.fork(name), beginsAt: this.#beginsAt });
    const place = { machine, link: new Link(), processes: new SimProcesses(), nodeName };
    place.link.hasBudget = this.budgets.has(name);
    const fresh = { node: undefined, lives: 0, downUntil: 0, backup: undefined };
    this.#places.set(name, { ...place, ...fresh, setBackAt: Number.NEGATIVE_INFINITY });
    if (startsAt > 0) this.#startLater(name, startsAt);
    else this.start(name);
  }

  /** Sets up a node of the original program. */
  addOriginal(name: string): void {
    const { timeline, broker } = this;
    this.original = new SimOriginal(name, { timeline, broker, chance: this.chance.fork(name) });
  }

  machine(name: string): Machine {
    return this.#place(name).machine;
  }

  linkOf(name: string): Link {
    return name === this.original?.name ? this.original.link : this.#place(name).link;
  }

  /** The node that lives on a machine, where it is ready. */
  node(name: string): SimNode | undefined {
    const { node } = this.#place(name);
    return node?.isReady ? node : undefined;
  }

  /** Whether the database of a machine was set back after a moment. */
  wasSetBack(name: string, since: number): boolean {
    return (this.#places.get(name)?.setBackAt ?? since) > since;
  }

  start(name: string): void {
    const place = this.#place(name);
    if (place.node) return;
    const life = new Life(place.machine, place.machine.chance.fork(`life ${++place.lives}`));
    this.timeline.note(`${name} starts`);
    place.node = new SimNode(
      {
        ...configOf(place.nodeName, this.#trust),
        ...{ ...this.settings, originalHelloSeconds: 30 },
        ...{ calls: this.#callsOf(place.nodeName), linkBudgetBytes: this.budgets.get(name) ?? 0 },
      },
      life,
      {
        ...{ broker: this.broker, link: place.link, truth: this.truth },
        ...{ processes: place.processes, swaps: this.#swaps },
        admission: place.nodeName === 'central' ? this.admission : undefined,
        onExit: () => {
          place.node = undefined;
          this.#startLater(name, RESTART_MS);
        },
      },
    );
  }

  #callsOf(nodeName: string): Config['calls'] {
    const everyMs = this.callsEvery.get(nodeName);
    return everyMs === undefined ? undefined : { times: { everyMs }, limitMs: 0, isUrgentAtOnce: false };
  }

  /** Crashes a machine now or, mostly, in the middle of what it does next. */
  crashSoon(name: string, { degree, ...options }: CrashOptions & { readonly degree: number }): void {
    if (degree < 0.25) return this.crash(name, options);
    this.#place(name).machine.setTrap(Math.floor((degree - 0.25) * 16), () => {
      this.timeline.note(`${name} crashes`);
      this.crash(name, options);
    });
  }

  crash(name: string, options: CrashOptions): void {
    const place = this.#place(name);
    place.node?.crash();
    place.node = undefined;
    if (options.losesPower) {
      place.machine.files.losePower();
      place.processes.killAll();
    }
    this.#startLater(name, options.downMs);
  }

  /** Stops a node as its system does. */
  stop(name: string, downMs: number): void {
    const place = this.#place(name);
    const { node } = place;
    if (!node?.isReady) return this.crash(name, { downMs });
    let isDone = false;
    const end = () => {
      if (isDone || place.node !== node) return;
      isDone = true;
      this.crash(name, { downMs });
    };
    node.stop().then(end, end);
    this.timeline.after(STOP_PATIENCE_MS, end);
  }

  /** The machine is set up anew, under the same name. */
  reinstall(name: string, downMs: number): void {
    this.crash(name, { downMs, losesPower: true });
    const place = this.#place(name);
    place.machine.disk.wipe();
    place.machine.files.remove(NEWEST_ID_FILE);
    place.setBackAt = this.timeline.now;
    place.backup = undefined;
  }

  /**
   * Makes a backup of the database the first time, and goes back to it the second: as another file in the place of the first
   * one or, `isInPlace`, written over it. That is known by the newest id alone that was noted besides.
   */
  restoreBackup(name: string, downMs: number, { isInPlace = false } = {}): void {
    const place = this.#place(name);
    if (!place.backup) {
      const { disk } = place.machine;
      place.backup = { content: disk.backup(), newestId: disk.newestId };
      return;
    }
    // Where nothing was noted since, nothing shows: what was given out in the last seconds is not promised.
    if (isInPlace && !(place.machine.notedId > place.backup.newestId)) return;
    this.crash(name, { downMs, losesPower: !isInPlace });
    place.machine.disk.restore(place.backup.content, { isInPlace });
    place.setBackAt = this.timeline.now;
  }

  /** Whether a second node of a name is, or was, there. */
  hasTwin(name: string): boolean {
    return this.#places.has(`${name}'`);
  }

  /** Another machine starts a node of the same name. */
  startTwin(name: string, ms: number): void {
    const twin = `${name}'`;
    // A second node of a name is the second: one that nobody has set up yet has no twin.
    if (this.#places.has(twin) || name.endsWith("'") || this.#place(name).lives === 0) return;
    this.add(twin, { nodeName: this.#place(name).nodeName });
    this.whenOver(ms, () => {
      this.#place(twin).downUntil = Number.POSITIVE_INFINITY;
      this.stop(twin, Number.POSITIVE_INFINITY);
    });
  }

  /** Does something when a fault is over, at the latest when the weather clears. */
  whenOver(ms: number, task: () => void): void {
    const heal = () => {
      if (this.#heals.delete(heal)) task();
    };
    this.#heals.add(heal);
    this.timeline.after(ms, heal);
  }

  /** The weather clears: nothing is broken any more, and all nodes are up. */
  heal(): void {
    this.timeline.note('the weather clears');
    this.clearedAt = this.timeline.now;
    for (const heal of [...this.#heals]) heal();
    this.broker.downUntil = 0;
    this.broker.interestLagMs = 0;
    for (const [name, place] of this.#places) {
      Object.assign(place.link, {
        blockedUntil: 0,
        cutUntil: 0,
        delayMs: 2,
        jitterMs: 3,
        forbidden: undefined,
      });
      const { machine } = place;
      machine.frozenUntil = Math.min(machine.frozenUntil, this.timeline.now);
      machine.disk.trouble = undefined;
      machine.files.trouble = undefined;
      machine.setBy = 0;
      if (place.downUntil !== Number.POSITIVE_INFINITY) this.#startLater(name, 1);
    }
  }

  /** When the last node that is away comes back. */
  get allHereAt(): number {
    return Math.max(...this.places.map(({ link }) => link.awayUntil));
  }

  /** Whether messages could not be delivered for longer than they live. */
  wasAwayLong(name: string): boolean {
    return this.linkOf(name).awayUntil > this.settings.messageTtlSeconds * 1000;
  }

  /** Ends all lives, and closes the databases. */
  end(): void {
    this.original?.end();
    for (const { node, machine } of this.#places.values()) {
      node?.crash();
      machine.disk.close();
    }
  }

  #startLater(name: string, ms: number): void {
    const place = this.#place(name);
    if (ms === Number.POSITIVE_INFINITY) return;
    this.timeline.after(ms, () => {
      if (place.downUntil !== Number.POSITIVE_INFINITY) this.start(name);
    });
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (!place) throw new Error(`there is no machine ${name}`);
    return place;
  }
}
