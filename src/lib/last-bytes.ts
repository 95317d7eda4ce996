/** Keeps the last bytes of what it is given, `limit` at most. */
export class LastBytes {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How much it was given. */
  get total(): number {
    return this.#total;
  }

  get bytes(): Uint8Array {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    return all.length > this.#limit ? all.subarray(-this.#limit) : all;
  }

  /** Where the kept bytes begin. */
  get offset(): number {
    return this.#total - Math.min(this.#held, this.#limit);
  }

  /** Takes bytes, which may be only the last of `total` ones. */
  add(last: Uint8Array, total = last.length): void {
    if (total > last.length) this.#forget();
    this.#total += total;
    // A copy, as a small part of a large buffer would keep all of that in memory.
    const kept = Buffer.from(last.subarray(-this.#limit));
    this.#held += kept.length;
    this.#pieces.push(kept);
    while (this.#held - this.#pieces[0]!.length >= this.#limit) this.#held -= this.#pieces.shift()!.length;
  }

  #forget(): void {
    this.#pieces = [];
    this.#held = 0;
  }
}
