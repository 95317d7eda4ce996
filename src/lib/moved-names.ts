const MAX_NAMES = 1000;
/** What is made of a rotated file, or next to one, holds no lines of it. */
const NO_LOG = /\.(?:gz|bz2|xz|zst|lz4|lzo|z|zip|tmp|lock|swp)$/i;

/**
 * Names that files took which were moved away from a watched one, as `log.1` from `log`. The system tells of a rename as two
 * events one after the other: the old name, then the new one.
 */
export class MovedNames {
  readonly #name: string;
  /** All that were told, as such a file may be moved on: `log.1` to `log.2`. */
  readonly #all = new Set<string>();
  readonly #fresh = new Set<string>();
  #previous = '';

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the name of an event `rename` of the folder; whether a file of the watched name may be there now. */
  take(changed: string): boolean {
    const cameFrom = this.#previous;
    this.#previous = changed;
    const hasMovedOn = this.#all.has(cameFrom) && withoutNumbers(cameFrom) === withoutNumbers(changed);
    if (cameFrom !== this.#name && !hasMovedOn) return false;
    if (changed === this.#name || !changed.startsWith(this.#name) || NO_LOG.test(changed)) return false;
    if (this.#all.size >= MAX_NAMES) for (const names of [this.#all, this.#fresh]) names.clear();
    this.#all.add(changed);
    this.#fresh.add(changed);
    return true;
  }

  /** The names that were told since the last call, in their order. */
  fresh(): string[] {
    const names = [...this.#fresh];
    this.#fresh.clear();
    return names;
  }

  /** Has names come again with the next call. */
  putBack(names: readonly string[]): void {
    const later = this.fresh();
    for (const name of [...names, ...later]) this.#fresh.add(name);
  }
}

function withoutNumbers(name: string): string {
  return name.replace(/\d+/g, '');
}
