import { type Statement, statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

/**
 * The ids of requests that must not run, whenever they come: a cancellation may overtake its request, and then
 * it waits here for it.
 */
export class Cancellations {
  readonly #ids: Set<string>;

  constructor(store: Store) {
    this.#ids = new Set(store.all<{ id: string }>('SELECT id FROM cancellations').map(({ id }) => id));
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Counts from now on; the statement makes it last. */
  add(id: string, at: number): Statement {
    this.#ids.add(id);
    return statement('INSERT OR REPLACE INTO cancellations (id, at) VALUES (?, ?)', id, at);
  }

  /** Statement that forgets those made before a time; they go on counting until the next start. */
  forgetBefore(at: number): Statement {
    return statement('DELETE FROM cancellations WHERE at < ?', at);
  }
}
