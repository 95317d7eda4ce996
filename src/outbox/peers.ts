import type { Peer } from './lane-answers.ts';

interface Known {
  readonly peer: Peer;
  readonly lanes: { alive(): void }[];
}

/** What is known of the nodes that lanes lead to. */
export class Peers {
  readonly #known = new Map<string, Known>();

  /** The node of this name and the lanes to it; entered where it was not known. */
  of(node: string): Known {
    const known = this.#known.get(node) ?? { peer: { speaksLanes: undefined }, lanes: [] };
    this.#known.set(node, known);
    return known;
  }

  /** Whether a node speaks lanes; undefined where it has not answered yet. */
  speaksLanes(node: string): boolean | undefined {
    return this.#known.get(node)?.peer.speaksLanes;
  }

  /**
   * A node was heard of: lanes that wait for it go on at once. A hello also tells what it speaks; where that is
   * not what it spoke before, its next answer decides.
   */
  alive(node: string, hello?: { speaksLanes: boolean }): void {
    const found = this.#known.get(node);
    if (!found) return;
    if (hello && found.peer.speaksLanes !== hello.speaksLanes) found.peer.speaksLanes = undefined;
    for (const lane of found.lanes) lane.alive();
  }
}
