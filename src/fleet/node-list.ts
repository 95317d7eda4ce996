import type { NodeSummary, Presence } from '../contract/nodes.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { receiverOf } from '../message/subject.ts';
import type { LaneStatus } from '../outbox/lane/lane-status.ts';
import type { NodePresence } from './presence.ts';

interface NodeListOptions {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** What this node tells of itself. */
  readonly self: Pick<NodeSummary, 'version' | 'os' | 'arch' | 'startedAt' | 'labels'>;
}

interface NodeListDeps {
  readonly presence: NodePresence;
  /** How long a node is away at most that is away as usual, ms; null where that is not known. */
  usualAwayMs(name: string): number | null;
  readonly now: () => number;
  readonly outbox: { lanes(): readonly LaneStatus[] };
  /** The nodes that this one has let into its fleet. */
  admitted(): readonly string[];
  /** Nodes that were taken off the list, and how many messages for each were on their way then. */
  readonly forgotten: readonly { readonly name: string; readonly left: number }[];
  /** What is to be said of a node besides, or undefined. */
  noteOf(name: string): string | undefined;
  /** How many requests run, by the subjects of their lanes. */
  countRunning(): Promise<ReadonlyMap<string, number>>;
}

/** The nodes that are known: those let in, those heard of, those that something waits for, the central one, and this one. */
export class NodeList {
  readonly #options: NodeListOptions;
  readonly #deps: NodeListDeps;
  #told = new Map<string, Presence>();
  readonly #forgotten: Map<string, number>;

  constructor(options: NodeListOptions, deps: NodeListDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#forgotten = new Map(deps.forgotten.map(({ name, left }) => [name, left]));
  }

  /** Whether a node is on the list. */
  isListed(name: string): boolean {
    return this.#names(this.#queued()).includes(name);
  }

  /** Takes a node off the list, for as long as nothing comes from it and nothing more is queued for it than is left. */
  forget(name: string, left: number): void {
    this.#forgotten.set(name, left);
  }

  /** All nodes, by name. */
  readonly list = async (): Promise<NodeSummary[]> => {
    const queued = this.#queued();
    const running = await this.#running();
    return this.#names(queued)
      .sort()
      .map((name) => this.#summary(name, queued, running));
  };

  /** Some nodes. */
  async some(names: readonly string[]): Promise<NodeSummary[]> {
    const queued = this.#queued();
    const running = await this.#running();
    const nodes = names.filter((name) => name !== ERROR_CENTRAL);
    return nodes.map((name) => this.#summary(name, queued, running));
  }

  /** How many nodes are here, away, or neither for all that is known. */
  counts(): Record<Presence, number> {
    const counts = { here: 0, away: 0, unknown: 0 };
    for (const name of this.#names(this.#queued())) counts[this.#presenceOf(name)]++;
    return counts;
  }

  /** The nodes whose presence is another than when this was asked last; of those that were ever heard of. */
  turned(): string[] {
    const now = new Map(this.#deps.presence.names().map((name) => [name, this.#presenceOf(name)]));
    const before = this.#told;
    this.#told = now;
    return [...now].filter(([name, presence]) => before.get(name) !== presence).map(([name]) => name);
  }

  #names(queued: ReadonlyMap<string, number>): string[] {
    const { nodeName, centralNodeName } = this.#options;
    const { presence, admitted } = this.#deps;
    const waitedFor = [...queued].filter(([name, count]) => count > (this.#forgotten.get(name) ?? 0));
    const names = [
      nodeName,
      centralNodeName,
      ...presence.names(),
      ...admitted(),
      ...waitedFor.map(([name]) => name),
    ];
    return [...new Set(names)].filter((name) => name !== ERROR_CENTRAL);
  }

  #presenceOf(name: string): Presence {
    return name === this.#options.nodeName ? 'here' : this.#deps.presence.of(name);
  }

  #summary(
    name: string,
    queued: ReadonlyMap<string, number>,
    running: ReadonlyMap<string, number>,
  ): NodeSummary {
    const { nodeName, centralNodeName, self } = this.#options;
    const { presence, usualAwayMs, now } = this.#deps;
    const isSelf = name === nodeName;
    const callsAt = isSelf ? null : presence.callsAt(name);
    const { version, os, arch, startedAt, labels } = isSelf ? self : presence.factsOf(name);
    return {
      name,
      isSelf,
      isCentral: name === centralNodeName,
      presence: this.#presenceOf(name),
      lastSeenAt: isSelf ? now() : presence.lastSeenAt(name),
      // Thousands of nodes are listed: only of those for which it matters it is looked up.
      usualAwayMs: this.#presenceOf(name) === 'away' ? usualAwayMs(name) : null,
      ...(callsAt !== null && { callsAt }),
      ...{ version, os, arch, startedAt, labels },
      queued: queued.get(name) ?? 0,
      running: running.get(name) ?? 0,
      note: this.#deps.noteOf(name) ?? null,
    };
  }

  /** How many messages wait for each node that some wait for. */
  #queued(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { toNode, queued } of this.#deps.outbox.lanes()) {
      if (queued > 0 && toNode !== ERROR_CENTRAL) counts.set(toNode, (counts.get(toNode) ?? 0) + queued);
    }
    return counts;
  }

  async #running(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [subject, count] of await this.#deps.countRunning()) {
      const node = receiverOf(subject);
      counts.set(node, (counts.get(node) ?? 0) + count);
    }
    return counts;
  }
}
