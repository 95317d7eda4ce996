/** An unfinished message of which parts are in memory, and the node that sends it. */
interface Unfinished {
  readonly sender: string;
  /** Frees its memory, by `free`: its parts go to the disk, or are to come again. */
  giveWay(): void;
}

interface PartMemoryOptions {
  readonly maxBytes: number;
  /** How much may lie on the disk. */
  readonly maxDiskBytes: number;
}

/**
 * The memory that the unfinished messages of all lanes share. When it is full, one gives way: of the sender that holds the
 * most the one that has waited longest for its next piece, so that nobody drives out what others send.
 */
export class PartMemory {
  readonly #options: PartMemoryOptions;
  /** Longest waiting first. */
  readonly #held = new Map<Unfinished, number>();
  #bytes = 0;
  #onTheWay = 0;
  #written = 0;

  constructor(options: PartMemoryOptions) {
    this.#options = options;
  }

  /** Notes that one holds more. Answers whether there is room for it, now that others gave way. */
  take(one: Unfinished, bytes: number): boolean {
    const held = this.#held.get(one) ?? 0;
    this.#held.delete(one);
    this.#held.set(one, held + bytes);
    this.#bytes += bytes;
    while (this.#bytes > this.#options.maxBytes) {
      const longest = this.#longestWaiting(one);
      if (longest === undefined) return false;
      longest.giveWay();
    }
    return true;
  }

  /** Notes that one holds nothing any more. */
  free(one: Unfinished): void {
    this.#bytes -= this.#held.get(one) ?? 0;
    this.#held.delete(one);
  }

  /** Whether more may be on its way to the disk, which takes memory until it is there. */
  get mayWrite(): boolean {
    return this.#onTheWay < this.#options.maxBytes / 4;
  }

  /**
   * Notes that bytes go to the disk. Answers how much may lie there, where enough was written since that was looked at last
   * to look again.
   */
  write(bytes: number): number | undefined {
    this.#onTheWay += bytes;
    this.#written += bytes;
    if (this.#written < this.#options.maxDiskBytes / 8) return undefined;
    this.#written = 0;
    return this.#options.maxDiskBytes;
  }

  /** Notes that bytes are on the disk, or never will be. */
  written(bytes: number): void {
    this.#onTheWay -= bytes;
  }

  #longestWaiting(taker: Unfinished): Unfinished | undefined {
    const bySender = new Map<string, number>();
    for (const [one, bytes] of this.#held)
      if (one !== taker) bySender.set(one.sender, (bySender.get(one.sender) ?? 0) + bytes);
    const most = Math.max(...bySender.values());
    for (const one of this.#held.keys()) if (one !== taker && bySender.get(one.sender) === most) return one;
    return undefined;
  }
}
