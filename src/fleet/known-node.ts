import type { NodeSummary, Presence } from '../contract/nodes.ts';

/** What is asked about a node when somebody wants to know it. */
export interface KnownNodeSource {
  lastSeenAt(name: string): number | null;
  usualAwayMs(name: string): number | null;
  factsOf(name: string): Pick<NodeSummary, 'version' | 'os' | 'arch' | 'startedAt' | 'labels'>;
  summaryOf(node: KnownNode): NodeSummary;
}

/** What is looked up once for all nodes: who is here, how many messages wait for each, and how many requests run there. */
export interface FleetMoment {
  presenceOf(name: string): Presence;
  readonly queued: ReadonlyMap<string, number>;
  readonly running: ReadonlyMap<string, number>;
}

/** A node of the list. Of thousands few are shown: what is asked of one is looked up then. */
export class KnownNode {
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
