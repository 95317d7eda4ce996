import { type TestContext, test } from 'node:test';

/** Where a random test takes its numbers from, and how much it does with them. */
interface Chance {
  readonly seed: number;
  /** The next number, from 0 to below 1. */
  readonly random: () => number;
  /** How many of the things of a full run the test does: all of them with the fresh seed. */
  readonly share: (whole: number) => number;
}

interface RandomTestOptions {
  /** How much of its work the test does with the pinned seed; all of it unless told. */
  readonly pinnedShare?: number;
}

/** The seed with which every run does the same. */
const PINNED_SEED = 20_261_122;
const freshSeed = Number(process.env.STEWARD_TEST_SEED ?? Date.now() % 1_000_000);

/**
 * A test that draws random numbers, run twice: with a pinned seed, so that what passes once passes again, and with a
 * fresh one, so that every run looks somewhere else. Both are printed; `STEWARD_TEST_SEED=<seed>` repeats the fresh one.
 */
export function randomTest(
  title: string,
  body: (t: TestContext, chance: Chance) => Promise<void> | void,
  { pinnedShare = 1 }: RandomTestOptions = {},
): void {
  for (const [kind, seed, part] of [
    ['pinned', PINNED_SEED, pinnedShare],
    ['fresh', freshSeed, 1],
  ] as const) {
    test(`${title} (${kind} seed)`, (t) => {
      t.diagnostic(`STEWARD_TEST_SEED=${seed}`);
      return body(t, { seed, random: seededRandom(seed), share: (whole) => Math.round(whole * part) });
    });
  }
}

/** A generator of the same numbers (0 <= n < 1) for the same seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
