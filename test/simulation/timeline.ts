import { createHash } from 'node:crypto';

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
  isCancelled: boolean;
}

const MOST_EVENTS = 400_000;

/** The one order in which all of a simulated world happens. Times are ms since its beginning, by no clock of any node. */
export class Timeline {
  now = 0;
  /** How many things have happened. */
  count = 0;
  readonly #heap: Happening[] = [];
  readonly #hash = createHash('sha256');
  readonly #story: string[] | undefined;
  readonly #mostEvents: number;
  #order = 0;
  #failure: Error | undefined;

  /** A run in which more happens than `mostEvents` is taken for an endless one. */
  constructor(options: { readonly keepsStory: boolean; readonly mostEvents?: number }) {
    this.#mostEvents = options.mostEvents ?? MOST_EVENTS;
    this.#story = options.keepsStory ? [] : undefined;
  }

  /** Lets something happen later; what comes back calls it off. */
  after(ms: number, task: () => void): () => void {
    const one: Happening = { at: this.now + Math.max(0, ms), order: this.#order++, task, isCancelled: false };
    push(this.#heap, one);
    return () => {
      one.isCancelled = true;
    };
  }

  /** Notes what happened: two runs are the same where their notes are. */
  note(text: string): void {
    const line = `${this.now.toFixed(3)} ${text}\n`;
    this.#hash.update(line);
    this.#story?.push(line);
  }

  /** The notes so far, where they are kept. */
  get story(): readonly string[] {
    return this.#story ?? [];
  }

  /** A text that is the same for runs that were the same. */
  hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  /** Ends the run: something broke the promise. The first failure counts. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Lets happen what is due until then, one after the other, all that follows from it at once included. */
  async runUntil(until: number): Promise<void> {
    // What was begun just now may have planned nothing yet.
    await settled(this.count);
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.at > until) break;
      pop(this.#heap);
      if (next.isCancelled) continue;
      this.now = next.at;
      this.count++;
      if (this.count > this.#mostEvents) throw new Error(`endless: ${this.count} events by ${this.now} ms`);
      next.task();
      await settled(this.count);
      if (this.#failure) throw this.#failure;
    }
    this.now = until;
  }
}

/** How often a run lets the process have a turn: it tells then of promises that nobody handled. */
const TURN_EVERY = 32;

/** Resolves when all promise callbacks that are ready have run, and those that follow from them: that is when ticks have their turn. */
function settled(count: number): Promise<void> {
  return new Promise((resolve) => {
    if (count % TURN_EVERY === 0) setImmediate(resolve);
    else process.nextTick(resolve);
  });
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Happening[], one: Happening): void {
  let at = heap.push(one) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(one, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = one;
}

function pop(heap: Happening[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
