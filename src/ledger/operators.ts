import { type Statement, type Store, statement } from '../store/store.ts';

/** Statement that notes who submitted messages whose ids were made one after the other. */
export function operatorStatements(
  messages: readonly { readonly id: string }[],
  by: string | undefined,
): Statement[] {
  if (by === undefined || messages.length === 0) return [];
  const sql = 'INSERT OR IGNORE INTO operators (first_id, last_id, operator) VALUES (?, ?, ?)';
  return [statement(sql, messages[0]!.id, messages.at(-1)!.id, by)];
}

interface Range {
  readonly first: string;
  readonly last: string;
  readonly operator: string;
}

/** Finds who submitted a message; messages that end together were mostly submitted together, and are looked up once. */
export class Operators {
  readonly #store: Pick<Store, 'get'>;
  #latest: Range = { first: '', last: '', operator: '' };
  readonly #enders = new Map<string, string>();
  /** Who has messages end just now, by their ids. */
  readonly enders: ReadonlyMap<string, string> = this.#enders;

  constructor(store: Pick<Store, 'get'>) {
    this.#store = store;
  }

  /** Does what ends messages because an operator forgets their node; who that was is known while it is done. */
  async ending<T>(ids: readonly string[], by: string | undefined, work: () => Promise<T>): Promise<T> {
    for (const id of by === undefined ? [] : ids) this.#enders.set(id, by!);
    try {
      return await work();
    } finally {
      for (const id of ids) this.#enders.delete(id);
    }
  }

  /** Who submitted a message; undefined for one of the node's own, or of a version that did not note it. */
  of(id: string): string | undefined {
    if (id < this.#latest.first || id > this.#latest.last) {
      const sql = `SELECT first_id AS first, last_id AS last, operator FROM operators
        WHERE first_id <= ? ORDER BY first_id DESC LIMIT 1`;
      this.#latest = this.#store.get<Range>(sql, id) ?? this.#latest;
    }
    const { first, last, operator } = this.#latest;
    return id >= first && id <= last ? operator : undefined;
  }
}
