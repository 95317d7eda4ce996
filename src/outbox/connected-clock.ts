import { readMeta, saveMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';

const META_KEY = 'connected_ms';

/**
 * A clock that runs only while the broker is connected, in ms since the database was made. Delivery budgets are
 * measured with it: time without a link costs no retries. It is saved every few seconds; after a crash it goes on
 * from there, which gives messages a little more time, never less.
 */
export class ConnectedClock {
  readonly #store: Store;
  readonly #now: () => number;
  #base: number;
  #since: number | undefined;

  constructor(deps: { store: Store; now: () => number }) {
    this.#store = deps.store;
    this.#now = deps.now;
    this.#base = Number(readMeta(deps.store, META_KEY) ?? 0);
  }

  read(): number {
    return this.#base + (this.#since === undefined ? 0 : Math.max(0, this.#now() - this.#since));
  }

  /** Whether it runs. */
  get isRunning(): boolean {
    return this.#since !== undefined;
  }

  start(): void {
    this.#since ??= this.#now();
  }

  stop(): void {
    this.#base = this.read();
    this.#since = undefined;
  }

  /** Saves the time, if a budget is measured with it. */
  async save(): Promise<void> {
    if (!this.#store.get('SELECT 1 FROM outbox WHERE budget_at IS NOT NULL LIMIT 1')) return;
    await this.#store.write([saveMeta(META_KEY, String(Math.floor(this.read())))]);
  }
}
