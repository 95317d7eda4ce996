/** Work that waits for a write, to write with it. */
export class Companions {
  readonly #waiting = new Set<() => void>();

  /** Has `work` called with the next write; the function that comes back calls it off. */
  readonly add = (work: () => void): (() => void) => {
    this.#waiting.add(work);
    return () => void this.#waiting.delete(work);
  };

  /** Something is written. */
  call(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const work of waiting) work();
  }
}
