import { createHash } from 'node:crypto';

/** Chance of a simulation: the same seed gives the same numbers. Each part takes a fork, so that none disturbs another. */
export class Chance {
  readonly #seed: string;
  #state: number;

  constructor(seed: string) {
    this.#seed = seed;
    this.#state = createHash('sha256').update(seed).digest().readUInt32BE(0);
  }

  /** Chance of its own for a part, by its name. */
  fork(name: string | number): Chance {
    return new Chance(`${this.#seed}/${name}`);
  }

  /** 0 <= n < 1: mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    const { imul } = Math;
    let mixed = imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, 0 <= n < count. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Between two numbers, evenly. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** Between two numbers, as often in each order of magnitude: most are small, a few are large. */
  spread(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(count: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count; at++) bytes[at] = this.below(256);
    return bytes;
  }
}
