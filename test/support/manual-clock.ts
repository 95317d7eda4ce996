import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until a test moves it on. */
export class ManualClock implements Clock {
  #now: number;
  #setBy = 0;
  /** Called when the wall clock was set. */
  readonly whenSet: (() => void)[] = [];
  #tasks: { at: number; task: () => void }[] = [];

  constructor(now = Date.UTC(2026, 10, 22, 16, 15, 10)) {
    this.#now = now;
  }

  readonly steadyOrigin = 'manual';

  wallNow(): number {
    return this.#now + this.#setBy;
  }

  /** Sets the wall clock, forth or back; what waits comes no sooner or later. */
  setBy(ms: number): void {
    this.#setBy += ms;
    for (const work of this.whenSet) work();
  }

  /** The machine sleeps: time goes on, and what was to happen meanwhile happens when it wakes, late. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  steadyNow(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    if (delayMs <= 0) {
      const immediate = setImmediate(task);
      return () => clearImmediate(immediate);
    }
    const entry = { at: this.#now + delayMs, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }

  every(intervalMs: number, task: () => void): () => void {
    let cancel = () => {};
    const again = () => {
      cancel = this.after(intervalMs, () => {
        again();
        task();
      });
    };
    again();
    return () => cancel();
  }

  /** How far away the next task is, in milliseconds, or undefined when none waits. */
  get nextInMs(): number | undefined {
    return this.#tasks.length === 0 ? undefined : Math.min(...this.#tasks.map(({ at }) => at)) - this.#now;
  }

  /** Moves time on and runs what is due, in its order, letting promises settle after each task. */
  async advance(byMs: number): Promise<void> {
    const until = this.#now + byMs;
    await settle();
    for (;;) {
      const due = this.#tasks.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#tasks = this.#tasks.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
      await settle();
    }
    this.#now = until;
  }
}

/** Resolves when all promise callbacks that are ready have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
