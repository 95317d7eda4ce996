import { arch, platform, release } from 'node:os';
import type { Config } from '../config/config.ts';
import type { RequestSummary } from '../contract/requests.ts';
import { countRunning } from '../ledger/count-requests.ts';
import { readRequests } from '../ledger/find-requests.ts';
import type { Logger } from '../observe/logger.ts';
import type { LaneStatus } from '../outbox/lane-status.ts';
import { statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { ChangeHub } from './change-hub.ts';
import { NodeList } from './node-list.ts';
import { NodePresence } from './presence.ts';

interface ObservationDeps {
  readonly store: Store;
  readonly logger: Logger;
  readonly bus: { readonly isConnected: boolean };
  /** How the lanes of the outbox stand, once there is one. */
  lanes(): readonly LaneStatus[];
}

const SAVE_EVERY_MS = 60_000;

/** What the node notes of others and of itself for those who ask it: who is here, and what changes. */
export class Observation implements AsyncDisposable {
  readonly startedAt = Date.now();
  readonly presence: NodePresence;
  readonly nodes: NodeList;
  readonly changes: ChangeHub;
  readonly #deps: ObservationDeps;
  readonly #timer: NodeJS.Timeout;
  #fault: string | null = null;

  constructor(config: Config, { version }: { readonly version: string }, deps: ObservationDeps) {
    this.#deps = deps;
    const { store, bus, logger } = deps;
    this.presence = new NodePresence({ now: Date.now, isConnected: () => bus.isConnected });
    this.presence.load(store.all('SELECT name, last_seen AS lastSeen, info AS hello FROM nodes'));
    const self = {
      ...{ version, arch: arch(), os: `${platform()} ${release()}` },
      ...{ startedAt: this.startedAt, labels: config.labels },
    };
    this.nodes = new NodeList(
      { nodeName: config.nodeName, centralNodeName: config.centralNodeName, self },
      {
        ...{ presence: this.presence, now: Date.now, lanes: deps.lanes },
        countRunning: () => countRunning(store),
      },
    );
    this.changes = new ChangeHub({
      ...{ now: Date.now, logger },
      readRequests: (ids): Promise<RequestSummary[]> => readRequests(store, ids),
      readNodes: (names) => this.nodes.some(names),
      turnedNodes: () => this.nodes.turned(),
    });
    this.presence.onChanged = (node) => this.changes.node(node);
    this.#timer = setInterval(() => void this.#save(), SAVE_EVERY_MS);
    this.#timer.unref();
  }

  /** Why there is no connection to the broker, as far as was said; null while there is one. */
  get linkFault(): string | null {
    return this.#fault;
  }

  /** The link to the broker is there. */
  connected(): void {
    this.#fault = null;
    this.presence.connected();
  }

  /** Something is wrong with the link to the broker. */
  linkFailed(text: string): void {
    this.#fault = text;
  }

  /** Tells nobody anything more, and remembers who was heard of when. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.changes[Symbol.dispose]();
    await this.#save();
  }

  async #save(): Promise<void> {
    const unsaved = this.presence.takeUnsaved();
    if (unsaved.length === 0) return;
    const sql = `INSERT INTO nodes (name, last_seen) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`;
    const statements = unsaved.map(({ name, lastSeen }) => statement(sql, name, lastSeen));
    // What is not saved is learned again when the node is next heard of.
    await this.#deps.store.write(statements).catch(() => {});
  }
}
