/** Takes turns: nodes among each other, and of each node those that have something for it. */
export class Turns<Item extends { readonly toNode: string }> {
  /** Nodes in the order of their turns, each with its items in theirs. */
  readonly #nodes = new Map<string, Set<Item>>();

  /** Whose turn it is; undefined where nobody waits. */
  get first(): Item | undefined {
    for (const items of this.#nodes.values()) for (const item of items) return item;
    return undefined;
  }

  /** Comes last: behind the others of its node, and behind other nodes where none of its own waits. */
  add(item: Item): void {
    const items = this.#nodes.get(item.toNode) ?? new Set();
    items.add(item);
    this.#nodes.set(item.toNode, items);
  }

  /** Its node comes behind the other ones: it has had its turn, or goes without. */
  delete(item: Item): void {
    const items = this.#nodes.get(item.toNode);
    if (!items?.delete(item)) return;
    this.#nodes.delete(item.toNode);
    if (items.size > 0) this.#nodes.set(item.toNode, items);
  }
}
