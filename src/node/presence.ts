import type { Presence } from '../contract/nodes.ts';
import { type NodeFacts, readHello } from './hello-facts.ts';

/** What is known of other nodes, until something else is heard. Times are unix ms. */
interface Known {
  lastSeenAt: number | null;
  /** JSON of its last hello that told something, and when that came. */
  hello: string | undefined;
  helloAt: number | null;
  facts: NodeFacts | undefined;
  /** Whether a lane to it found nobody, and nothing was heard of it since. */
  isAway: boolean;
  /** Subjects where nobody listened when they were last tried: the method may not be served there. */
  readonly deaf: Set<string>;
  isSaved: boolean;
}

/** A node that is stored: when it was last seen, and JSON of its last hello. */
export interface StoredNode {
  readonly name: string;
  readonly lastSeen: number;
  readonly hello: string | null;
}

interface PresenceDeps {
  readonly now: () => number;
  /** Whether this node itself has a connection to the broker; without one it knows nothing. */
  isConnected(): boolean;
}

/** The name under which errors are collected, whichever node does it; it says nothing of a node. */
export const ERROR_CENTRAL = 'errorCentral';

/** A hello may be late by this much before its node counts as away. */
const MISSED_HELLOS = 2.5;
const HELLO_GRACE_MS = 2000;
/** How long a node that says no hellos to us counts as here after it was heard of. */
const HEARD_MS = 300_000;

/** Knows which nodes are here: by their hellos, by anything else that is heard of them, and by how lanes to them fare. */
export class NodePresence {
  readonly #deps: PresenceDeps;
  readonly #known = new Map<string, Known>();
  #connectedAt: number;
  /** Called when something is known of a node that may change its presence, or what lists show of it. */
  onChanged: (node: string) => void = () => {};

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#connectedAt = deps.now();
  }

  /** Remembers what was known when the node ended. */
  load(stored: readonly StoredNode[]): void {
    for (const { name, lastSeen, hello } of stored) {
      const known = this.#of(name);
      known.lastSeenAt = Math.max(known.lastSeenAt ?? 0, lastSeen);
      known.isSaved = true;
      if (hello === null || known.hello !== undefined) continue;
      known.hello = hello;
      known.helloAt = lastSeen;
    }
  }

  /** This node has a connection (again): hellos are to be expected from now on. */
  connected(): void {
    this.#connectedAt = this.#deps.now();
  }

  /** A node said hello; `about` is JSON of what it told of itself. */
  saidHello(node: string, about: string | undefined): void {
    const known = this.#of(node);
    const isNews = about !== undefined && withoutUptime(about) !== withoutUptime(known.hello);
    if (about !== undefined) {
      known.hello = about;
      known.helloAt = this.#deps.now();
      known.facts = undefined;
    }
    this.heard(node);
    // Who notes the hello writes it down.
    known.isSaved = true;
    if (isNews) this.onChanged(node);
  }

  /** Something came from a node. */
  heard(node: string): void {
    const known = this.#of(node);
    const wasHere = !known.isAway && this.#isFresh(known);
    known.lastSeenAt = this.#deps.now();
    known.isAway = false;
    known.isSaved = false;
    if (!wasHere) this.onChanged(node);
  }

  /** A node answered what was sent to a subject. */
  answered(node: string, subject: string): void {
    if (node === ERROR_CENTRAL) return;
    this.#of(node).deaf.delete(subject);
    this.heard(node);
  }

  /** Nobody listens on a subject; where that was so while the node was heard of, the method is not served there. */
  nobodyListens(node: string, subject: string): void {
    if (node === ERROR_CENTRAL) return;
    const known = this.#of(node);
    if (known.deaf.has(subject)) return;
    known.deaf.add(subject);
    this.#lost(node, known);
  }

  /** What was sent at a time was not answered in time. */
  unanswered(node: string, sentAt: number): void {
    if (node === ERROR_CENTRAL) return;
    const known = this.#of(node);
    if ((known.lastSeenAt ?? 0) < sentAt) this.#lost(node, known);
  }

  /** Whether a node can be reached, as far as is known. */
  of(node: string): Presence {
    const known = this.#known.get(node);
    if (!known || !this.#deps.isConnected()) return 'unknown';
    if (known.isAway) return 'away';
    if (this.#isFresh(known)) return 'here';
    const { helloIntervalMs } = this.factsOf(node);
    if (helloIntervalMs === null || known.helloAt === null) return 'unknown';
    return this.#deps.now() - this.#connectedAt > patience(helloIntervalMs) ? 'away' : 'unknown';
  }

  /** When a node was last heard of; null where never. */
  lastSeenAt(node: string): number | null {
    return this.#known.get(node)?.lastSeenAt ?? null;
  }

  /** What a node told of itself. */
  factsOf(node: string): NodeFacts {
    const known = this.#known.get(node);
    if (!known) return readHello(undefined, 0);
    known.facts ??= readHello(known.hello, known.helloAt ?? 0);
    return known.facts;
  }

  /** All nodes that were ever heard of. */
  names(): string[] {
    return [...this.#known].filter(([, { lastSeenAt }]) => lastSeenAt !== null).map(([name]) => name);
  }

  /** Nodes that were heard of since this was asked last, to be stored. */
  takeUnsaved(): { readonly name: string; readonly lastSeen: number }[] {
    const unsaved = [...this.#known].filter(([, { isSaved, lastSeenAt }]) => !isSaved && lastSeenAt !== null);
    for (const [, known] of unsaved) known.isSaved = true;
    return unsaved.map(([name, { lastSeenAt }]) => ({ name, lastSeen: lastSeenAt! }));
  }

  #lost(node: string, known: Known): void {
    if (known.isAway) return;
    known.isAway = true;
    this.onChanged(node);
  }

  /** Whether a node was heard of so lately that it need not have been heard of since. */
  #isFresh(known: Known): boolean {
    if (known.lastSeenAt === null) return false;
    known.facts ??= readHello(known.hello, known.helloAt ?? 0);
    return this.#deps.now() - known.lastSeenAt <= patience(known.facts.helloIntervalMs);
  }

  #of(node: string): Known {
    let known = this.#known.get(node);
    if (!known) {
      const nothing = { lastSeenAt: null, hello: undefined, helloAt: null, facts: undefined };
      known = { ...nothing, isAway: false, deaf: new Set(), isSaved: true };
      this.#known.set(node, known);
    }
    return known;
  }
}

function patience(helloIntervalMs: number | null): number {
  return helloIntervalMs === null ? HEARD_MS : helloIntervalMs * MISSED_HELLOS + HELLO_GRACE_MS;
}

/** A hello without what is different in each. */
function withoutUptime(hello: string | undefined): string | undefined {
  return hello?.replace(/"uptime":\d+,?/, '');
}
