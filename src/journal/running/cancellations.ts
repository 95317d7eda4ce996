import { type Statement, type Store, statement } from '../../store/store.ts';

/**
 * The ids of requests that must not run, whenever they come: a cancellation may overtake its request, and then
 * it waits here for it.
 */
export class Cancellations {
  readonly #ids: Map<string, number>;
  /** When each was called off. */
  readonly ids: ReadonlyMap<string, number>;

  constructor(store: Store) {
    const rows = store.all<{ id: string; at: number }>('SELECT id, at FROM cancellations');
    this.#ids = new Map(rows.map(({ id, at }) => [id, at]));
    this.ids = this.#ids;
  }

  /** Counts from now on; the statement makes it last. */
  add(id: string, at: number): Statement {
    this.#ids.set(id, at);
    return statement('INSERT OR REPLACE INTO cancellations (id, at) VALUES (?, ?)', id, at);
  }

  /** Forgets those made before a time; the statement makes it last. */
  forgetBefore(at: number): Statement {
    for (const [id, then] of this.#ids) if (then < at) this.#ids.delete(id);
    return statement('DELETE FROM cancellations WHERE at < ?', at);
  }
}
