import { OTHERS_TURN } from './waiting.ts';

/**
 * Takes turns: nodes among each other, and of each node those that have something for it. Who had none in this round comes first, one of each
 * node: what is small need not wait until all others have sent a part of what is large.
 */
export class Turns<Item extends { readonly toNode: string }> {
  /** Nodes in the order of their turns, each with its items in theirs. */
  readonly #nodes = new Map<string, Set<Item>>();
  /** Of nodes the one that comes before those, in the order in which they came. */
  readonly #fresh = new Map<string, Item>();
  /** Who had a turn in this round, which is over when all have, and the nodes of those that came first. */
  readonly #served = new Set<Item>();
  readonly #favoured = new Set<string>();
  #waiting = 0;
  /** Turns of those that come first since others had one. */
  #freshTurns = 0;

  /** Whose turn it is; undefined where nobody waits. */
  get first(): Item | undefined {
    const isOthers = this.#freshTurns >= OTHERS_TURN && this.#nodes.size > 0;
    if (!isOthers) for (const item of this.#fresh.values()) return item;
    for (const items of this.#nodes.values()) for (const item of items) return item;
    return undefined;
  }

  /** Who waits, those that come first before the others. */
  *[Symbol.iterator](): Generator<Item> {
    yield* this.#fresh.values();
    for (const items of this.#nodes.values()) yield* items;
  }

  /** Comes first where neither it nor its node did; else last, behind the others of its node, and behind other nodes where none of its own waits. */
  add(item: Item): void {
    this.#waiting++;
    const { toNode } = item;
    if (!this.#served.has(item) && !this.#favoured.has(toNode) && !this.#fresh.has(toNode)) {
      this.#fresh.set(toNode, item);
      return;
    }
    const items = this.#nodes.get(toNode) ?? new Set();
    items.add(item);
    this.#nodes.set(toNode, items);
  }

  /** It has its turn. */
  take(item: Item): void {
    if (this.#fresh.get(item.toNode) === item) {
      this.#freshTurns++;
      this.#favoured.add(item.toNode);
    } else this.#freshTurns = 0;
    this.delete(item);
    this.#served.add(item);
    if (this.#served.size <= this.#waiting) return;
    this.#served.clear();
    this.#favoured.clear();
    this.#served.add(item);
  }

  /** Its node comes behind the other ones: it has had its turn, or goes without. */
  delete(item: Item): void {
    const { toNode } = item;
    if (this.#fresh.get(toNode) === item) {
      this.#waiting--;
      this.#fresh.delete(toNode);
      return;
    }
    const items = this.#nodes.get(toNode);
    if (!items?.delete(item)) return;
    this.#waiting--;
    this.#nodes.delete(toNode);
    if (items.size > 0) this.#nodes.set(toNode, items);
  }
}
