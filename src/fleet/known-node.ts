import type { NodeSummary, Presence } from '../contract/nodes.ts';

/** What is asked about a node when somebody wants to know it. */
export interface KnownNodeSource {
  presenceOf(name: string): Presence;
  lastSeenAt(name: string): number | null;
  usualAwayMs(name: string): number | null;
  factsOf(name: string): Pick<NodeSummary, 'version' | 'os' | 'arch' | 'startedAt' | 'labels'>;
  summaryOf(node: KnownNode): NodeSummary;
}

/** How many messages wait for each node, and how many requests run there. */
export interface NodeCounts {
  readonly queued: ReadonlyMap<string, number>;
  readonly running: ReadonlyMap<string, number>;
}

/** A node of the list. Of thousands few are shown: what is asked of one is looked up then. */
export class KnownNode {
  readonly name: string;
  readonly isCentral: boolean;
  readonly #counts: NodeCounts;
  readonly #source: KnownNodeSource;
  #presence: Presence | undefined;

  constructor(name: string, isCentral: boolean, counts: NodeCounts, source: KnownNodeSource) {
    this.name = name;
    this.isCentral = isCentral;
    this.#counts = counts;
    this.#source = source;
  }

  get presence(): Presence {
    this.#presence ??= this.#source.presenceOf(this.name);
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
    return this.#counts.queued.get(this.name) ?? 0;
  }

  get running(): number {
    return this.#counts.running.get(this.name) ?? 0;
  }

  /** All of it, as lists show it. */
  summary(): NodeSummary {
    return this.#source.summaryOf(this);
  }
}
