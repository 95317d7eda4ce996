/** A number of bytes that many take a part of in turn, the first one first; one alone may take more than there are. */
export class ByteTurns {
  readonly #maxBytes: number;
  readonly #waiting: { readonly bytes: number; begin(): void }[] = [];
  #taken = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Resolves when that much is taken; undefined where it is at once. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#taken += bytes;
      return undefined;
    }
    return new Promise((begin) => this.#waiting.push({ bytes, begin }));
  }

  /** Gives back what was taken. */
  release(bytes: number): void {
    this.#taken -= bytes;
    for (let next = this.#waiting[0]; next && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.begin();
    }
  }

  #hasRoom(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#maxBytes;
  }
}
