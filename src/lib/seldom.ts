/** How long the same sentence is not said again, ms. */
const QUIET_MS = 60_000;
const MOST_REMEMBERED = 1000;

/** Says of each sentence about a fault that lasts when it is to be logged again: at once, and then once a minute. */
export class Seldom {
  readonly #steadyNow: () => number;
  readonly #said = new Map<string, number>();

  constructor(steadyNow: () => number) {
    this.#steadyNow = steadyNow;
  }

  /** Whether a sentence is to be said now; then it was. */
  isTime(text: string): boolean {
    const now = this.#steadyNow();
    if (now - (this.#said.get(text) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false;
    remember(this.#said, text, now);
    return true;
  }
}

/** Notes a value for a text in place of an older one, and forgets what was noted longest ago where there are too many. */
export function remember<Value>(map: Map<string, Value>, text: string, value: Value): void {
  map.delete(text);
  map.set(text, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}
