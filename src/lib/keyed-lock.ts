/** Lets work on one key run alone, in the order in which it asked; other keys are not kept waiting. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for all keys and returns the function that frees them. Two callers can't block each other for ever. */
  async acquire(keys: Iterable<string>): Promise<() => void> {
    const releases: Array<() => void> = [];
    for (const key of [...new Set(keys)].sort()) releases.push(await this.#acquireOne(key));
    return () => {
      for (const release of releases.splice(0)) release();
    };
  }

  /** Whether somebody holds one of the keys or waits for it. */
  isTaken(keys: Iterable<string>): boolean {
    for (const key of keys) if (this.#tails.has(key)) return true;
    return false;
  }

  async #acquireOne(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, promise);
    await before;
    return () => {
      if (this.#tails.get(key) === promise) this.#tails.delete(key);
      resolve();
    };
  }
}
