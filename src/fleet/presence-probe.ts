import type { Bus } from '../bus/bus.ts';
import type { Clock } from '../lib/clock.ts';
import { stateSubject } from '../message/state-question.ts';
import type { NodePresence } from './presence.ts';

interface ProbeDeps {
  readonly presence: Pick<NodePresence, 'names' | 'of' | 'factsOf' | 'lastSeenAt' | 'left'>;
  readonly peers: { knows(node: string, word: string): boolean };
  readonly bus: Pick<Bus, 'isConnected' | 'publish' | 'subscribe'>;
  /** A closed node takes what has proof of its sender alone, and tells of the rest. */
  readonly addresses: { subjectFor(subject: string, node: string): string };
  readonly clock: Clock;
}

const LOOK_MS = 30_000;
/**
 * A node that was heard of, or asked for, within this time is not asked for, ms; and within this share of its hellos. It
 * is a little less than three times the silence after which a node asks its broker: what comes here spares it the third question.
 */
const QUIET_MS = 210_000;
const QUIET_SHARE = 1 / 8;
/** How long the broker's word is waited for at least, ms: until the next look after that. */
const PATIENCE_MS = 20_000;

/**
 * Finds nodes that are gone between two hellos, which may be hours apart: an empty question that nobody answers goes to each
 * that was silent for long, and the broker says where nobody listens. That costs the node's link 80 bytes.
 */
export class PresenceProbe implements Disposable {
  readonly #nodeName: string;
  readonly #deps: ProbeDeps;
  readonly #askedAt = new Map<string, number>();
  /** Where the broker's word would come, and since when, ms on the steady clock. */
  #listening: { readonly since: number; readonly subscription: Disposable }[] = [];
  readonly #cancel: () => void;

  constructor(nodeName: string, deps: ProbeDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
    this.#cancel = deps.clock.every(LOOK_MS, () => this.look());
  }

  /** Asks for the nodes that were silent for long. */
  look(): void {
    const { presence, bus, clock } = this.#deps;
    this.#forget(clock.steadyNow() - PATIENCE_MS);
    if (!bus.isConnected) return;
    for (const node of presence.names()) if (this.#isDue(node)) this.#ask(node);
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#forget(Number.POSITIVE_INFINITY);
  }

  /** Hears no more of questions that were asked until then. */
  #forget(until: number): void {
    const over = this.#listening.filter(({ since }) => since <= until);
    this.#listening = this.#listening.filter(({ since }) => since > until);
    for (const { subscription } of over) subscription[Symbol.dispose]();
  }

  #isDue(node: string): boolean {
    const { presence, peers, clock } = this.#deps;
    const { helloIntervalMs } = presence.factsOf(node);
    if (node === this.#nodeName || helloIntervalMs === null || !peers.knows(node, 'state')) return false;
    const quietMs = Math.max(QUIET_MS, helloIntervalMs * QUIET_SHARE);
    if (presence.of(node) !== 'here' || helloIntervalMs <= QUIET_MS) return false;
    const silentMs = clock.wallNow() - (presence.lastSeenAt(node) ?? 0);
    const askedAt = this.#askedAt.get(node) ?? Number.NEGATIVE_INFINITY;
    return silentMs >= quietMs && clock.steadyNow() - askedAt >= quietMs;
  }

  #ask(node: string): void {
    const { addresses, bus, clock, presence } = this.#deps;
    this.#askedAt.set(node, clock.steadyNow());
    const subject = stateSubject(node);
    const reply = `${subject}.reply.${this.#nodeName}.here`;
    const subscription = bus.subscribe(reply, ({ noResponders }) => {
      if (noResponders) presence.left(node);
    });
    bus.publish(addresses.subjectFor(subject, node), '', { reply });
    this.#listening.push({ since: clock.steadyNow(), subscription });
  }
}
