import type { SqlValue } from './statement.ts';
import type { Store } from './store.ts';

const SLICE = 500;

/**
 * Deletes rows that may go (`removable`, an SQL condition) in the order of a unique column: all below `before`,
 * and the oldest `surplus` ones. Works in slices, so that nothing else waits for long. Resolves with how many went.
 */
export async function prune(
  store: Store,
  options: { table: string; order: string; removable: string; before: SqlValue; surplus: number },
): Promise<number> {
  const { table, order, removable, before } = options;
  const select = `SELECT ${order} AS place, (${removable}) AS removable FROM ${table} WHERE ${order} > ? ORDER BY ${order} LIMIT ${SLICE}`;
  let surplus = options.surplus;
  let deleted = 0;
  let cursor: SqlValue = typeof before === 'string' ? '' : -1;
  for (;;) {
    const rows: { place: number | string; removable: number }[] = store.all(select, cursor);
    const places: (number | string)[] = [];
    for (const row of rows) {
      cursor = row.place;
      if (row.place >= before! && surplus <= 0) break;
      if (!row.removable) continue;
      places.push(row.place);
      surplus--;
    }
    if (places.length > 0) {
      await store.write([
        { sql: `DELETE FROM ${table} WHERE ${order} = ?`, rows: places.map((place) => [place]) },
      ]);
      deleted += places.length;
    }
    if (rows.length < SLICE || (cursor >= before! && surplus <= 0)) return deleted;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
