import type { Store } from './store.ts';

const SLICE = 500;

type Place = number | string;

interface Row {
  readonly place: Place;
  readonly removable: number;
}

/**
 * Deletes rows that may go (`removable`, an SQL condition) in the order of a unique column: all below `before`,
 * and the oldest `surplus` ones. Works in slices, so that nothing else waits for long. Resolves with how many went.
 */
export async function prune(
  store: Store,
  options: { table: string; order: string; removable: string; before: Place; surplus: number },
): Promise<number> {
  const { table, order, removable, before } = options;
  const select = `SELECT ${order} AS place, (${removable}) AS removable FROM ${table} WHERE ${order} > ? ORDER BY ${order} LIMIT ${SLICE}`;
  let surplus = options.surplus;
  let deleted = 0;
  let cursor: Place = typeof before === 'string' ? '' : -1;
  for (;;) {
    const rows: Row[] = store.all(select, cursor);
    const old = rows.filter(({ place }, index) => place < before || index < surplus);
    const places = old.flatMap((row) => (row.removable ? [row.place] : []));
    await store.write([
      { sql: `DELETE FROM ${table} WHERE ${order} = ?`, rows: places.map((place) => [place]) },
    ]);
    deleted += places.length;
    surplus -= places.length;
    if (rows.length < SLICE || old.length < rows.length) return deleted;
    cursor = rows.at(-1)!.place;
  }
}
