import { networkOf } from '../lib/network-of.ts';

/** Somebody who has connected and not signed in yet. */
interface Newcomer {
  readonly address: string;
  /** ms, by the broker's clock. */
  readonly since: number;
  readonly socket: { destroy(): unknown };
}

interface Options {
  /** How many of one address may be under way at a time. */
  readonly most: number;
  /** How long one may take while others of its address wait, ms. */
  readonly patienceMs: number;
}

/**
 * Counts the connections that have not signed in, by address: whoever opens many and says nothing takes no place of those
 * who have a key, and at one address behind which many nodes are, those that dawdle go first.
 */
export class Newcomers {
  readonly #options: Options;
  readonly #now: () => number;
  /** By address and id, the oldest first. */
  readonly #byAddress = new Map<string, Map<number, Newcomer>>();
  readonly #all = new Map<number, Newcomer>();

  constructor(options: Options, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** One more; false where its address has too many, and the oldest of them may still be about to sign in. */
  enter(id: number, { address, socket }: Pick<Newcomer, 'address' | 'socket'>): boolean {
    const network = networkOf(address);
    const others = this.#byAddress.get(network) ?? new Map<number, Newcomer>();
    if (others.size >= this.#options.most && !this.#endOldest(others)) return false;
    const newcomer = { address: network, since: this.#now(), socket };
    others.set(id, newcomer);
    this.#byAddress.set(network, others);
    this.#all.set(id, newcomer);
    return true;
  }

  /** It has signed in, or gone. */
  left(id: number): void {
    const newcomer = this.#all.get(id);
    if (newcomer === undefined) return;
    this.#all.delete(id);
    const others = this.#byAddress.get(newcomer.address);
    others?.delete(id);
    if (others?.size === 0) this.#byAddress.delete(newcomer.address);
  }

  /** Makes room for another connection by the end of the one that has dawdled longest; whether there was one. */
  makeRoom(): boolean {
    return this.#endOldest(this.#all);
  }

  #endOldest(newcomers: ReadonlyMap<number, Newcomer>): boolean {
    const [oldest] = newcomers;
    if (oldest === undefined || this.#now() - oldest[1].since < this.#options.patienceMs) return false;
    this.left(oldest[0]);
    oldest[1].socket.destroy();
    return true;
  }
}
