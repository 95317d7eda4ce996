import type { NodeSummary, Presence } from '../contract/nodes.ts';
import { sortNaturally } from '../lib/natural-order.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { receiverOf } from '../message/subject.ts';
import type { LaneStatus } from '../outbox/lane/lane-status.ts';
import type { NodePresence } from './presence.ts';

interface NodeListOptions {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** What this node tells of itself. */
  readonly self: Pick<NodeSummary, 'version' | 'os' | 'arch' | 'labels'>;
}

interface NodeListDeps {
  readonly presence: Pick<NodePresence, 'sweep' | 'names' | 'lastSeenAt' | 'callsAt' | 'factsOf'>;
  /** How long a node is away at most that is away as usual, ms; null where that is not known. */
  usualAwayMs(name: string): number | null;
  readonly now: () => number;
  /** When this node started, by today's wall clock, unix ms. */
  readonly startedAt: () => number;
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
export class NodeList implements KnownNodeSource {
  readonly #options: NodeListOptions;
  readonly #deps: NodeListDeps;
  readonly usualAwayMs: NodeListDeps['usualAwayMs'];
  readonly #told = new Map<string, Presence>();
  /** Nodes that are off the list for as long as nothing comes from them and no more is queued for them than this. */
  readonly forgotten: Map<string, number>;
  /** The names as they were listed last, and in order: they are seldom others. */
  #order: { readonly listed: readonly string[]; readonly names: readonly string[] } = {
    listed: [],
    names: [],
  };

  constructor(options: NodeListOptions, deps: NodeListDeps) {
    this.#options = options;
    this.#deps = deps;
    this.usualAwayMs = deps.usualAwayMs;
    this.forgotten = new Map(deps.forgotten.map(({ name, left }) => [name, left]));
  }

  /** Whether a node is on the list. */
  isListed(name: string): boolean {
    return this.#names(this.#queued()).includes(name);
  }

  /** All nodes by name, with numbers as numbers. */
  readonly known = async (): Promise<KnownNode[]> => {
    const moment = await this.#moment();
    return this.#inOrder(this.#names(moment.queued)).map((name) => this.#known(name, moment));
  };

  /** The same, with all that lists show of them. */
  readonly list = async (): Promise<NodeSummary[]> => (await this.known()).map((node) => node.summary());

  /** Some nodes. */
  async some(names: readonly string[]): Promise<NodeSummary[]> {
    const moment = await this.#moment();
    const nodes = names.filter((name) => name !== ERROR_CENTRAL);
    return nodes.map((name) => this.#known(name, moment).summary());
  }

  /** How many nodes are here, away, or neither for all that is known. */
  counts(): Record<Presence, number> {
    const counts = { here: 0, away: 0, unknown: 0 };
    const presenceOf = this.#sweep();
    for (const name of this.#names(this.#queued())) counts[presenceOf(name)]++;
    return counts;
  }

  /** The nodes whose presence is another than when this was asked last; of those that were ever heard of. */
  turned(): string[] {
    const turned: string[] = [];
    const presenceOf = this.#sweep();
    const names = this.#deps.presence.names();
    for (const name of names) {
      const presence = presenceOf(name);
      if (this.#told.get(name) === presence) continue;
      this.#told.set(name, presence);
      turned.push(name);
    }
    if (this.#told.size > names.length) {
      const left = new Set(names);
      for (const name of this.#told.keys()) if (!left.has(name)) this.#told.delete(name);
    }
    return turned;
  }

  #sweep(): (name: string) => Presence {
    const presenceOf = this.#deps.presence.sweep();
    return (name) => (name === this.#options.nodeName ? 'here' : presenceOf(name));
  }

  lastSeenAt(name: string): number | null {
    return name === this.#options.nodeName ? this.#deps.now() : this.#deps.presence.lastSeenAt(name);
  }

  factsOf(name: string): ReturnType<KnownNodeSource['factsOf']> {
    if (name !== this.#options.nodeName) return this.#deps.presence.factsOf(name);
    return { ...this.#options.self, startedAt: this.#deps.startedAt() };
  }

  summaryOf(node: KnownNode): NodeSummary {
    const { name, isCentral, presence, lastSeenAt, usualAwayMs, queued, running } = node;
    const isSelf = name === this.#options.nodeName;
    const callsAt = isSelf ? null : this.#deps.presence.callsAt(name);
    const { version, os, arch, startedAt, labels } = this.factsOf(name);
    return {
      ...{ name, isSelf, isCentral, presence, lastSeenAt, usualAwayMs },
      ...(callsAt !== null && { callsAt }),
      ...{ version, os, arch, startedAt, labels },
      ...{ queued, running, note: this.#deps.noteOf(name) ?? null },
    };
  }

  #known(name: string, moment: FleetMoment): KnownNode {
    return new KnownNode(name, name === this.#options.centralNodeName, moment, this);
  }

  #inOrder(listed: readonly string[]): readonly string[] {
    const before = this.#order.listed;
    if (listed.length !== before.length || listed.some((name, place) => name !== before[place]))
      this.#order = { listed, names: sortNaturally(listed, (name) => name) };
    return this.#order.names;
  }

  #names(queued: ReadonlyMap<string, number>): string[] {
    const { nodeName, centralNodeName } = this.#options;
    const { presence, admitted } = this.#deps;
    const names = new Set([nodeName, centralNodeName]);
    for (const name of presence.names()) names.add(name);
    for (const name of admitted()) names.add(name);
    for (const [name, count] of queued) if (count > (this.forgotten.get(name) ?? 0)) names.add(name);
    names.delete(ERROR_CENTRAL);
    return [...names];
  }

  /** How many messages wait for each node that some wait for. */
  #queued(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { toNode, queued } of this.#deps.outbox.lanes()) {
      if (queued > 0 && toNode !== ERROR_CENTRAL) counts.set(toNode, (counts.get(toNode) ?? 0) + queued);
    }
    return counts;
  }

  async #moment(): Promise<FleetMoment> {
    const running = await this.#running();
    return { presenceOf: this.#sweep(), queued: this.#queued(), running };
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

/** What is asked about a node when somebody wants to know it. */
interface KnownNodeSource {
  lastSeenAt(name: string): number | null;
  usualAwayMs(name: string): number | null;
  factsOf(name: string): Pick<NodeSummary, 'version' | 'os' | 'arch' | 'startedAt' | 'labels'>;
  summaryOf(node: KnownNode): NodeSummary;
}

/** What is looked up once for all nodes: who is here, how many messages wait for each, and how many requests run there. */
interface FleetMoment {
  presenceOf(name: string): Presence;
  readonly queued: ReadonlyMap<string, number>;
  readonly running: ReadonlyMap<string, number>;
}

/** A node of the list. Of thousands few are shown: what is asked of one is looked up then. */
class KnownNode {
  readonly name: string;
  readonly isCentral: boolean;
  readonly #moment: FleetMoment;
  readonly #source: KnownNodeSource;
  #presence: Presence | undefined;

  constructor(name: string, isCentral: boolean, moment: FleetMoment, source: KnownNodeSource) {
    this.name = name;
    this.isCentral = isCentral;
    this.#moment = moment;
    this.#source = source;
  }

  get presence(): Presence {
    this.#presence ??= this.#moment.presenceOf(this.name);
    return this.#presence;
  }

  get lastSeenAt(): number | null {
    return this.#source.lastSeenAt(this.name);
  }

  /** An absence that takes longer than this, ms, is no usual one; null where that is not known, or it is not away. */
  get usualAwayMs(): number | null {
    return this.presence === 'away' ? this.#source.usualAwayMs(this.name) : null;
  }

  get version(): string | null {
    return this.#source.factsOf(this.name).version;
  }

  get os(): string | null {
    return this.#source.factsOf(this.name).os;
  }

  get arch(): string | null {
    return this.#source.factsOf(this.name).arch;
  }

  get labels(): NodeSummary['labels'] {
    return this.#source.factsOf(this.name).labels;
  }

  get queued(): number {
    return this.#moment.queued.get(this.name) ?? 0;
  }

  get running(): number {
    return this.#moment.running.get(this.name) ?? 0;
  }

  /** All of it, as lists show it. */
  summary(): NodeSummary {
    return this.#source.summaryOf(this);
  }
}
