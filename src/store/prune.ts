import { type Statement, type Store, statement } from './store.ts';

const SLICE = 500;

type Key = number | string;

interface Row {
  readonly place: Key;
  readonly removable: number;
}

/**
 * Deletes rows that may go (`removable`, an SQL condition): all below `before` in the order of a unique column, and
 * all that are not among the newest `keepCount`. Looks for them on the reader's thread and deletes in slices, so that nothing else waits for long. Resolves with
 * how many went. Rows of the table `followers` with the same value in that column go with them.
 */
export async function prune(
  store: Store,
  options: {
    table: string;
    order: string;
    removable: string;
    before: Key;
    keepCount: number;
    followers?: string;
  },
): Promise<number> {
  const { table, order, removable, followers } = options;
  const before = await boundary(store, options);
  const select = `SELECT ${order} AS place, (${removable}) AS removable FROM ${table} WHERE ${order} > ? AND ${order} < ? ORDER BY ${order} LIMIT ${SLICE}`;
  let deleted = 0;
  let cursor: Key = typeof before === 'string' ? '' : -1;
  for (;;) {
    const rows = await store.query<Row>(select, cursor, before);
    const places = rows.flatMap((row) => (row.removable ? [row.place] : []));
    const sql = `DELETE FROM ${table} WHERE ${order} = ?`;
    const last = rows.at(-1)?.place ?? cursor;
    const statements: Statement[] = [{ sql, rows: places.map((place) => [place]) }];
    // By their range, as most rows may have none.
    if (followers && places.length > 0)
      statements.push(
        statement(
          `DELETE FROM ${followers} WHERE ${order} > ? AND ${order} <= ? AND NOT EXISTS (
             SELECT 1 FROM ${table} WHERE ${table}.${order} = ${followers}.${order})`,
          ...[cursor, last],
        ),
      );
    await store.write(statements);
    deleted += places.length;
    if (rows.length < SLICE) return deleted;
    cursor = last;
  }
}

/** The place below which rows are too old, or too many. */
async function boundary(
  store: Store,
  { table, order, before, keepCount }: { table: string; order: string; before: Key; keepCount: number },
): Promise<Key> {
  const [oldestKept] = await store.query<{ place: Key }>(
    `SELECT ${order} AS place FROM ${table} ORDER BY ${order} DESC LIMIT 1 OFFSET ?`,
    keepCount - 1,
  );
  return oldestKept !== undefined && oldestKept.place > before ? oldestKept.place : before;
}
