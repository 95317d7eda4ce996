import type { Presence } from '../contract/nodes.ts';
import type { Clock } from '../lib/clock.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { readWords } from '../message/words.ts';
import { type NodeFacts, readHello } from './hello-facts.ts';
import { type KnownNode, KnownNodes } from './known-nodes.ts';

/** A node that is stored: when it was last seen, and JSON of its last hello. */
export interface StoredNode {
  readonly name: string;
  readonly lastSeen: number;
  readonly hello: string | null;
  /** When that came, unix ms; null where an older version wrote it. */
  readonly toldAt?: number | null;
}

interface PresenceDeps {
  readonly clock: Pick<Clock, 'wallNow' | 'steadyNow'>;
  /** The link of this node itself to the broker; without one it knows nothing. */
  readonly bus: { readonly isConnected: boolean };
}

/** A hello may be late by this much before its node counts as away. */
const MISSED_HELLOS = 2.5;
const HELLO_GRACE_MS = 2000;
/** How long a node that says no hellos to us counts as here after it was heard of. */
const HEARD_MS = 300_000;
/** What is known of a node that told nothing. */
const UNTOLD = readHello(undefined, 0);
/** Nodes tell whole seconds of how long they run. */
const UPTIME_STEP_MS = 2000;
/** By less than this two clocks drift apart; a larger difference is a step of the wall clock. */
const CLOCK_STEP_MS = 1000;

/** Knows which nodes are here: by their hellos, by anything else that is heard of them, and by how lanes to them fare. */
export class NodePresence {
  readonly #deps: PresenceDeps;
  readonly known = new KnownNodes();
  #connectedAt: number;
  /** Called when something is known of a node that may change its presence, or what lists show of it. */
  onChanged: (node: string) => void = () => {};

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#connectedAt = deps.clock.steadyNow();
  }

  /** Remembers what was known when the node ended. */
  load(stored: readonly StoredNode[]): void {
    for (const { name, lastSeen, hello, toldAt: storedAt } of stored) {
      const known = this.known.enter(name);
      const ageMs = this.#deps.clock.wallNow() - lastSeen;
      // What lies in the future says that the clock was set back since, and nothing of how long ago that was.
      const heardAt = ageMs < 0 ? Number.NEGATIVE_INFINITY : this.#deps.clock.steadyNow() - ageMs;
      if (heardAt > (known.heardAt ?? Number.NEGATIVE_INFINITY)) known.seenAt = lastSeen;
      known.heardAt = Math.max(known.heardAt ?? Number.NEGATIVE_INFINITY, heardAt);
      known.isSaved = true;
      if (hello === null || known.facts !== undefined) continue;
      this.known.keep(name, hello, storedAt ?? lastSeen);
      known.toldAt = this.#deps.clock.steadyNow() - Math.max(0, ageMs);
      // Of a goodbye nothing has been heard since.
      known.isAway = readWords(hello).isGoodbye === true;
    }
  }

  /** This node has a connection (again): hellos are to be expected from now on. */
  connected(): void {
    this.#connectedAt = this.#deps.clock.steadyNow();
  }

  /**
   * A node said hello; `about` is JSON of what it said of itself, which an original one does not. Answers whether it has run
   * since before an original node said hello in its name: then there are two.
   */
  saidHello(node: string, about: string | undefined): boolean {
    const known = this.known.enter(node);
    const isDouble = this.#isDouble(known, about);
    const before = known.sum;
    this.#told(node, about);
    const isNews = about !== undefined && before !== known.sum;
    this.heard(node);
    // Who notes the hello writes it down.
    known.isSaved = true;
    if (isNews) this.onChanged(node);
    return isDouble;
  }

  /**
   * A node said that it leaves, or its connection to the broker has ended: until it is heard of it is away. `about` is JSON of
   * what it said of itself then.
   */
  readonly left = (node: string, about?: string): void => {
    const known = this.known.get(node);
    if (!known) return;
    this.#told(node, about);
    // A goodbye, and a connection that has lasted until now, say that it was here: the last hello may be long ago.
    if (!known.isAway) this.#seen(this.known.enter(node));
    this.#lost(node, known);
  };

  /** An operator took a node off the list: whatever comes of it brings it back. */
  forget(node: string): void {
    if (this.known.forget(node)) this.onChanged(node);
  }

  /** Something came from a node. */
  heard(node: string): void {
    const known = this.known.enter(node);
    const wasHere = !known.isAway && this.#isFresh(known, this.#deps.clock.steadyNow());
    this.#seen(known);
    known.isAway = false;
    if (!wasHere) this.onChanged(node);
  }

  /** A node answered what was sent to a subject. */
  answered(node: string, subject: string): void {
    if (node === ERROR_CENTRAL) return;
    this.known.of(node).deaf?.delete(subject);
    this.heard(node);
  }

  /** Nobody listens on a subject; where that was so while the node was heard of, the method is not served there. */
  nobodyListens(node: string, subject: string): void {
    if (node === ERROR_CENTRAL) return;
    const known = this.known.of(node);
    if (known.deaf?.has(subject)) return;
    known.deaf ??= new Set();
    known.deaf.add(subject);
    this.#lost(node, known);
  }

  /** What was sent at a time of the steady clock was not answered in time. */
  unanswered(node: string, sentAt: number): void {
    if (node === ERROR_CENTRAL) return;
    const known = this.known.of(node);
    if ((known.heardAt ?? Number.NEGATIVE_INFINITY) < sentAt) this.#lost(node, known);
  }

  /** Whether a node can be reached, as far as is known. */
  of(node: string): Presence {
    return this.#at(node, this.#deps.clock.steadyNow());
  }

  /** Tells the same of many nodes, as they are now: reading the clock for each takes half of the time. */
  sweep(): (node: string) => Presence {
    const now = this.#deps.clock.steadyNow();
    return (node) => this.#at(node, now);
  }

  #at(node: string, now: number): Presence {
    const known = this.known.get(node);
    if (!known || !this.#deps.bus.isConnected) return 'unknown';
    if (known.isAway) return 'away';
    if (this.#isFresh(known, now)) return 'here';
    const { helloIntervalMs } = this.factsOf(node);
    if (helloIntervalMs === null || known.helloAt === null) return 'unknown';
    return now - this.#connectedAt > patience(helloIntervalMs) ? 'away' : 'unknown';
  }

  /** When a node that is not here calls next, unix ms; null for one that keeps its connection, or did not say so. */
  callsAt(node: string): number | null {
    const known = this.known.get(node);
    const { callInMs } = this.factsOf(node);
    if (!known || callInMs === null || this.of(node) === 'here') return null;
    const { wallNow, steadyNow } = this.#deps.clock;
    return Math.round(wallNow() + known.toldAt + callInMs - steadyNow());
  }

  /** When a node was last heard of, unix ms; null where never, or where that cannot be told. */
  lastSeenAt(node: string): number | null {
    const { heardAt = null, seenAt = 0 } = this.known.get(node) ?? {};
    if (heardAt === null || heardAt === Number.NEGATIVE_INFINITY) return null;
    const { wallNow, steadyNow } = this.#deps.clock;
    const byAge = Math.round(wallNow() - (steadyNow() - heardAt));
    return Math.abs(byAge - seenAt) < CLOCK_STEP_MS ? seenAt : byAge;
  }

  /** What a node said of itself. */
  factsOf(node: string): NodeFacts {
    return this.known.get(node)?.facts ?? UNTOLD;
  }

  /** When a node said what is known of it, unix ms; null where it never did. */
  toldAt(node: string): number | null {
    return this.known.get(node)?.helloAt ?? null;
  }

  /** All nodes that were ever heard of. */
  names(): string[] {
    return [...this.known.heard.keys()];
  }

  /** Nodes that were heard of since this was asked last, to be stored. */
  takeUnsaved(): { readonly name: string; readonly lastSeen: number }[] {
    return [...this.known.heard].flatMap(([name, known]) => {
      const lastSeen = known.isSaved ? null : this.lastSeenAt(name);
      if (lastSeen === null) return [];
      known.isSaved = true;
      return [{ name, lastSeen }];
    });
  }

  #seen(known: KnownNode): void {
    known.heardAt = this.#deps.clock.steadyNow();
    known.seenAt = this.#deps.clock.wallNow();
    known.isSaved = false;
  }

  #told(node: string, about: string | undefined): void {
    if (about === undefined) return;
    const { wallNow, steadyNow } = this.#deps.clock;
    this.known.keep(node, about, wallNow());
    this.known.of(node).toldAt = steadyNow();
  }

  #isDouble(known: KnownNode, about: string | undefined): boolean {
    const now = this.#deps.clock.wallNow();
    const { plainAt } = known;
    known.plainAt = about === undefined ? now : null;
    if (about === undefined || plainAt === null) return false;
    const { startedAt } = readHello(about, now);
    return startedAt !== null && startedAt + UPTIME_STEP_MS < plainAt;
  }

  #lost(node: string, known: KnownNode): void {
    if (known.isAway) return;
    known.isAway = true;
    this.onChanged(node);
  }

  /** Whether a node was heard of so lately that it need not have been heard of since. */
  #isFresh(known: KnownNode, now: number): boolean {
    if (known.heardAt === null) return false;
    return now - known.heardAt <= patience(known.facts?.helloIntervalMs ?? null);
  }
}

function patience(helloIntervalMs: number | null): number {
  return helloIntervalMs === null ? HEARD_MS : helloIntervalMs * MISSED_HELLOS + HELLO_GRACE_MS;
}
