import { type Statement, type Store, statement } from '../../store/store.ts';

/** How many ids are kept in memory: whoever may cancel may send any number of them. The others are looked for on disk. */
const MOST_IN_MEMORY = 50_000;

/**
 * The ids of requests that must not run, whenever they come: a cancellation may overtake its request, and then
 * it waits here for it.
 */
export class Cancellations {
  readonly #store: Pick<Store, 'get'>;
  readonly #mostInMemory: number;
  /** When each was called off. */
  readonly #ids: Map<string, number>;
  /** Whether there are others on disk. */
  #isPart: boolean;
  readonly ids = { has: (id: string) => this.#has(id) };

  constructor(store: Pick<Store, 'all' | 'get'>, mostInMemory = MOST_IN_MEMORY) {
    const rows = store.all<{ id: string; at: number }>(
      'SELECT id, at FROM cancellations LIMIT ?',
      mostInMemory + 1,
    );
    this.#store = store;
    this.#mostInMemory = mostInMemory;
    this.#isPart = rows.length > mostInMemory;
    this.#ids = new Map(rows.map(({ id, at }) => [id, at]));
  }

  /** Counts from now on; the statement makes it last. */
  add(id: string, at: number): Statement {
    this.#ids.set(id, at);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > this.#mostInMemory) this.#isPart = this.#ids.delete(oldest!);
    return statement('INSERT OR REPLACE INTO cancellations (id, at) VALUES (?, ?)', id, at);
  }

  /** Forgets those made before a time; the statement makes it last. */
  forgetBefore(at: number): Statement {
    for (const [id, then] of this.#ids) if (then < at) this.#ids.delete(id);
    return statement('DELETE FROM cancellations WHERE at < ?', at);
  }

  #has(id: string): boolean {
    if (this.#ids.has(id)) return true;
    return this.#isPart && this.#store.get('SELECT 1 FROM cancellations WHERE id = ?', id) !== undefined;
  }
}
