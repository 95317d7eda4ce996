import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type { ErrorLine, NodeSummary } from '../contract/nodes.ts';
import type { RequestSummary } from '../contract/requests.ts';
import type { Clock } from '../lib/clock.ts';

interface HubDeps {
  readonly clock: Clock;
  readRequests(ids: readonly string[]): Promise<readonly RequestSummary[]>;
  readonly ledger: {
    /** Messages of which output may be on disk that this hub has not heard of. */
    unannounced(): ReadonlySet<string>;
  };
  readonly nodes: {
    some(names: readonly string[]): Promise<readonly NodeSummary[]>;
    /** Nodes whose presence came to be another by nothing but time since this was asked last. */
    turned(): readonly string[];
  };
  readonly logger: { warn(fields: object, text: string): void };
}

/** A piece of output of a request. */
export interface OutputChange {
  readonly id: string;
  readonly batch: string | null;
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly data: Uint8Array;
}

interface Watcher {
  readonly filter: EventFilter;
  readonly listener: (event: ApiEvent) => void;
}

/** Changes within this time come as one, ms; a few of them at once, for whoever waits for the end of a single request. */
const TICK_MS = 100;
const FEW_CHANGES = 20;
const AT_ONCE_MS = 1;
/** More requests than this in a tick are counted only. */
const MAX_REQUESTS = 1000;
const LOOK_AT_NODES_MS = 1000;

/** Tells its listeners what changes. While there are none, it takes no note of anything. */
export class ChangeHub implements Disposable {
  readonly #deps: HubDeps;
  readonly #watchers = new Set<Watcher>();
  readonly #requests = new Set<string>();
  readonly #nodes = new Set<string>();
  #cancelTick: (() => void) | undefined;
  #cancelLooks: (() => void) | undefined;
  #isTelling = false;
  /** Changes that were announced within the tick that began then. */
  #told = 0;
  #tickBeganAt = Number.NEGATIVE_INFINITY;

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Calls `listener` with what changes from now on; first, at once, with `hello`. */
  readonly watch = (filter: EventFilter, listener: (event: ApiEvent) => void): Disposable => {
    const watcher = { filter, listener };
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) {
      this.#deps.nodes.turned();
      this.#cancelLooks = this.#deps.clock.every(LOOK_AT_NODES_MS, () => this.#lookAtNodes());
    }
    listener({ type: 'hello', at: this.#deps.clock.wallNow() });
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0) this.#rest();
      },
    };
  };

  /** Messages came to a new state: lists of them, as they were written down. */
  changed(changed: readonly (readonly { readonly id: string }[])[]): void {
    if (!this.isWatched) return;
    for (const messages of changed) for (const { id } of messages) this.#requests.add(id);
    if (this.#requests.size > 0) this.#soon();
  }

  /** Something is new about a node. */
  readonly node = (name: string): void => {
    if (!this.isWatched) return;
    this.#nodes.add(name);
    this.#soon();
  };

  /** A request printed something. */
  output({ id, batch, node, stream, offset, data }: OutputChange): void {
    if (!this.isWatched) return;
    let event: ApiEvent | undefined;
    for (const { filter, listener } of this.#watchers) {
      if (!wantsOutput(filter, { id, batch, node })) continue;
      event ??= {
        ...{ type: 'output', id, batch, node, stream, offset },
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
      };
      listener(event);
    }
  }

  /** Nodes reported errors to this one; `read` returns the lines. */
  errors(read: () => readonly ErrorLine[]): void {
    if (!this.isWatched) return;
    const lines = read();
    for (const { filter, listener } of this.#watchers) {
      if (!wants(filter, 'errors')) continue;
      const wanted = lines.filter(({ node }) => fitsNode(filter, node));
      if (wanted.length > 0) listener({ type: 'errors', lines: wanted });
    }
  }

  [Symbol.dispose](): void {
    this.#watchers.clear();
    this.#rest();
  }

  #rest(): void {
    this.#cancelLooks?.();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#requests.clear();
    this.#nodes.clear();
  }

  #lookAtNodes(): void {
    for (const name of this.#deps.nodes.turned()) this.node(name);
  }

  #soon(): void {
    if (this.#isTelling || this.#cancelTick !== undefined) return;
    const sinceTick = this.#deps.clock.steadyNow() - this.#tickBeganAt;
    const isNewTick = sinceTick >= TICK_MS;
    if (isNewTick) {
      this.#tickBeganAt = this.#deps.clock.steadyNow();
      this.#told = 0;
    }
    const isFew = this.#told + this.#requests.size + this.#nodes.size <= FEW_CHANGES;
    const waitMs = isFew ? AT_ONCE_MS : TICK_MS - (isNewTick ? 0 : sinceTick);
    this.#cancelTick = this.#deps.clock.after(waitMs, () => void this.#tell());
  }

  async #tell(): Promise<void> {
    this.#cancelTick = undefined;
    this.#isTelling = true;
    const ids = [...this.#requests];
    const names = [...this.#nodes];
    this.#requests.clear();
    this.#nodes.clear();
    this.#told += ids.length + names.length;
    try {
      if (ids.length > MAX_REQUESTS) this.#send('many', () => ({ type: 'many', count: ids.length }));
      else if (ids.length > 0) await this.#tellFew(ids);
      if (names.length > 0) this.#tellNodes(await this.#deps.nodes.some(names));
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'what changed could not be read for those who follow it');
    }
    this.#isTelling = false;
    if (this.#requests.size + this.#nodes.size > 0) this.#soon();
  }

  async #tellFew(ids: readonly string[]): Promise<void> {
    this.#send('many', (filter) => (isCounting(filter) ? { type: 'many', count: ids.length } : undefined));
    // Rows that no listener gets are not read.
    if (![...this.#watchers].some(({ filter }) => wants(filter, 'requests'))) return;
    const read = await this.#deps.readRequests(ids);
    // What is committed can be read a moment before it is announced: an end is read again until its output was told.
    const unannounced = this.#deps.ledger.unannounced();
    const isEarly = ({ id, endedAt }: RequestSummary) => endedAt !== null && unannounced.has(id);
    const rows = read.filter((row) => !isEarly(row));
    if (rows.length < read.length) for (const { id } of read.filter(isEarly)) this.#requests.add(id);
    this.#send('requests', (filter) => {
      const requests = rows.filter((row) => fits(filter, row));
      return requests.length === 0 ? undefined : { type: 'requests', requests };
    });
  }

  #tellNodes(rows: readonly NodeSummary[]): void {
    this.#send('nodes', (filter) => {
      const nodes = rows.filter(({ name }) => fitsNode(filter, name));
      return nodes.length === 0 ? undefined : { type: 'nodes', nodes };
    });
  }

  #send(type: ApiEvent['type'], eventFor: (filter: EventFilter) => ApiEvent | undefined): void {
    for (const { filter, listener } of this.#watchers) {
      const event = wants(filter, type) ? eventFor(filter) : undefined;
      if (event) listener(event);
    }
  }
}

/** Whether a listener wants events of a type. A listener for requests gets `many` too, and one for some requests gets no nodes. */
function wants({ type: types, batch, id }: EventFilter, type: ApiEvent['type']): boolean {
  if (types && types.length > 0)
    return types.includes(type) || (type === 'many' && types.includes('requests'));
  const isOfRequests = type === 'requests' || type === 'many';
  return isOfRequests || (batch === undefined && id === undefined && type !== 'output');
}

/** Whether a listener only wants to know how many requests changed. */
function isCounting({ type: types = [] }: EventFilter): boolean {
  return types.includes('many') && !types.includes('requests');
}

interface About {
  readonly id: string;
  readonly batch: string | null;
  readonly node: string;
}

function wantsOutput(filter: EventFilter, about: About): boolean {
  const { type, outputOf = [] } = filter;
  if (outputOf.includes(about.id) || (about.batch !== null && outputOf.includes(about.batch))) return true;
  return type?.includes('output') === true && fits(filter, about);
}

function fits(filter: EventFilter, about: About): boolean {
  return (
    (filter.batch === undefined || filter.batch === about.batch) &&
    (filter.id === undefined || filter.id === about.id) &&
    fitsNode(filter, about.node)
  );
}

function fitsNode({ node }: EventFilter, name: string): boolean {
  return node === undefined || node.length === 0 || node.includes(name);
}
