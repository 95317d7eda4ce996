import { arch, platform, release } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';
import { countRunning } from '../ledger/count-requests.ts';
import { readRequests } from '../ledger/find-requests.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { CALL_GRACE_MS } from '../lib/call-words.ts';
import { wallTimeOf } from '../lib/clock.ts';
import type { Edges } from '../lib/edges.ts';
import type { Message } from '../message/message.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Peers } from '../outbox/peers.ts';
import type { KeptClock } from '../store/kept-clock.ts';
import { type Store, statement } from '../store/store.ts';
import { ChangeHub } from './change-hub.ts';
import { errorLinesOf } from './error-lines.ts';
import { saveBudget } from './kept-budget.ts';
import { LinkDays } from './link-days.ts';
import { NodeList } from './node-list.ts';
import { HelloRows, seenStatement } from './node-rows.ts';
import type { NodePresence } from './presence.ts';
import { PresenceHistory } from './presence-history.ts';
import { ToldBudgets } from './told-budgets.ts';

interface FleetViewDeps extends Pick<Edges, 'clock'> {
  /** The nodes that this one has let into its fleet, also those that were never heard of. */
  admitted?(): readonly string[];
  /** What is to be said of a node in the list. */
  notes?(node: string): string | undefined;
  readonly store: Store;
  readonly presence: NodePresence;
  readonly outbox: Pick<Outbox, 'lanes'>;
  readonly ledger: Pick<Ledger, 'unannounced'>;
  readonly peers: Pick<Peers, 'heardFrom' | 'told'>;
  readonly metrics: Pick<Metrics, 'helloReceived' | 'errorReceived'>;
  readonly logger: Logger;
  readonly kept: KeptClock;
  readonly bus: Pick<Bus, 'traffic'>;
  readonly link: { readonly sentBytes: readonly number[] };
  readonly budget: { readonly saved: string };
}

const SAVE_EVERY_MS = 60_000;

/** What the node notes of others and of itself for those who ask it: who is here, and what changes. */
export class FleetView implements AsyncDisposable {
  readonly presence: NodePresence;
  readonly history: PresenceHistory;
  readonly nodes: NodeList;
  readonly changes: ChangeHub;
  /** What goes over the link, today and before. */
  readonly linkDays: LinkDays;
  /** What other nodes told of the budgets of theirs. */
  readonly budgets: ToldBudgets;
  readonly hellos: HelloRows;
  readonly #deps: FleetViewDeps;
  readonly #cancelTimer: () => void;
  readonly #startedSteady: number;
  #fault: string | null = null;

  constructor(config: Config, { version }: { readonly version: string }, deps: FleetViewDeps) {
    this.#deps = deps;
    const { store, presence, outbox, logger, clock } = deps;
    this.#startedSteady = clock.steadyNow();
    this.presence = presence;
    this.history = new PresenceHistory(store);
    presence.load(
      store.all('SELECT name, last_seen AS lastSeen, info AS hello, told_at AS toldAt FROM nodes'),
    );
    const os = `${platform()} ${release()}`;
    const self = { version, arch: arch(), os, labels: config.labels };
    this.nodes = new NodeList(
      { nodeName: config.nodeName, centralNodeName: config.centralNodeName, self },
      {
        presence,
        usualAwayMs: this.usualAwayMs,
        now: clock.wallNow,
        startedAt: () => this.startedAt,
        outbox,
        countRunning: () => countRunning(store),
        noteOf: deps.notes ?? (() => undefined),
        admitted: () => deps.admitted?.() ?? [],
        forgotten: store.all('SELECT name, left FROM forgotten'),
      },
    );
    this.changes = new ChangeHub({
      ...{ clock, logger, nodes: this.nodes, ledger: deps.ledger },
      readRequests: (ids) => readRequests(store, ids),
    });
    const { kept } = deps;
    this.linkDays = new LinkDays(config.nodeName, { ...{ store, clock }, totals: () => totalsOf(deps) });
    this.budgets = new ToldBudgets(deps);
    this.hellos = new HelloRows(deps);
    kept.alongside = () => [...this.linkDays.statements(), saveBudget(deps.budget.saved)];
    presence.onChanged = this.changes.node;
    this.#cancelTimer = clock.every(SAVE_EVERY_MS, () => {
      this.linkDays.look();
      void this.#save();
    });
  }

  /** When the node started, by today's wall clock, unix ms. */
  get startedAt(): number {
    return wallTimeOf(this.#startedSteady, this.#deps.clock);
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

  /** A message came from a node, which wants its answer at `reply`: it is there, and what waits for it goes on. */
  heard(node: string, reply: string): void {
    this.presence.heard(node);
    this.#deps.peers.heardFrom(node, reply);
  }

  /** An absence of a node that takes longer than this, ms, is no usual one; null where that is not known. */
  readonly usualAwayMs = (name: string): number | null => {
    const callsAt = this.presence.callsAt(name);
    const seenAt = this.presence.lastSeenAt(name);
    if (callsAt === null || seenAt === null) return this.history.usualAwayMs(name);
    return Math.max(0, callsAt + CALL_GRACE_MS - seenAt);
  };

  /** Takes a node off the list; `left` messages for it are on their way. Whether it was on the list. */
  async forget(node: string, left: number): Promise<boolean> {
    const wasKnown = this.nodes.isListed(node);
    this.presence.forget(node);
    this.nodes.forgotten.set(node, left);
    await this.#deps.store.write([
      ...['nodes', 'presence'].map((table) => statement(`DELETE FROM ${table} WHERE name = ?`, node)),
      this.linkDays.forgotten(node),
      statement('INSERT OR REPLACE INTO forgotten (name, left) VALUES (?, ?)', node, left),
    ]);
    return wasKnown;
  }

  /** A node's hello was taken. */
  helloReceived(node: string): void {
    this.#deps.metrics.helloReceived(node, this.#deps.clock.wallNow());
  }

  /** Nodes reported errors to this one. */
  errorsReceived(messages: readonly Message[]): void {
    this.#deps.metrics.errorReceived(messages.length);
    this.changes.errors(() => messages.flatMap(errorLinesOf));
  }

  /** Tells nobody anything more, and remembers who was heard of when. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer();
    this.changes[Symbol.dispose]();
    await this.#save();
  }

  *#presences() {
    const { presence } = this;
    for (const name of presence.names())
      yield { name, presence: presence.of(name), seenAt: presence.lastSeenAt(name) };
  }

  async #save(): Promise<void> {
    const unsaved = this.presence.takeUnsaved();
    const turned = this.history.note(this.#presences());
    if (unsaved.length === 0 && turned.length === 0) return;
    const pruned = turned.length > 0 ? this.history.prune(this.#deps.clock.wallNow()) : [];
    // When a node was seen is learned again when it is next heard of.
    await this.#deps.store
      .write([seenStatement(unsaved), ...pruned, ...turned])
      .catch(() => this.history.unwritten());
  }
}

function totalsOf({ bus, link }: Pick<FleetViewDeps, 'bus' | 'link'>) {
  const { inBytes, outBytes } = bus.traffic.look();
  return { inBytes, outBytes, sentBytes: link.sentBytes };
}
