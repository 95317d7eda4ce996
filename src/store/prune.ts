import type { Store } from './store.ts';

const SLICE = 500;

type Place = number | string;

interface Row {
  readonly place: Place;
  readonly removable: number;
}

/**
 * Deletes rows that may go (`removable`, an SQL condition): all below `before` in the order of a unique column, and
 * all that are not among the newest `keepCount`. Works in slices, so that nothing else waits for long. Resolves with
 * how many went.
 */
export async function prune(
  store: Store,
  options: { table: string; order: string; removable: string; before: Place; keepCount: number },
): Promise<number> {
  const { table, order, removable } = options;
  const before = boundary(store, options);
  const select = `SELECT ${order} AS place, (${removable}) AS removable FROM ${table} WHERE ${order} > ? AND ${order} < ? ORDER BY ${order} LIMIT ${SLICE}`;
  let deleted = 0;
  let cursor: Place = typeof before === 'string' ? '' : -1;
  for (;;) {
    const rows: Row[] = store.all(select, cursor, before);
    const places = rows.flatMap((row) => (row.removable ? [row.place] : []));
    const sql = `DELETE FROM ${table} WHERE ${order} = ?`;
    await store.write([{ sql, rows: places.map((place) => [place]) }]);
    deleted += places.length;
    if (rows.length < SLICE) return deleted;
    cursor = rows.at(-1)!.place;
  }
}

/** The place below which rows are too old, or too many. */
function boundary(
  store: Store,
  { table, order, before, keepCount }: { table: string; order: string; before: Place; keepCount: number },
): Place {
  const oldestKept = store.get<{ place: Place }>(
    `SELECT ${order} AS place FROM ${table} ORDER BY ${order} DESC LIMIT 1 OFFSET ?`,
    keepCount - 1,
  )?.place;
  return oldestKept !== undefined && oldestKept > before ? oldestKept : before;
}
