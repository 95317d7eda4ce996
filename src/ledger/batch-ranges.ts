import type { Store } from '../store/store.ts';

/** The first and the last id of messages that were submitted together. */
export type IdRange = readonly [first: string, last: string];

/** Between which ids the messages of a batch lie, none of them twice; empty where there are none. */
export async function batchRanges(store: Store, batch: string): Promise<IdRange[]> {
  const rows = await store.query<{ first_id: string; last_id: string }>(
    `SELECT first_id, last_id FROM batches WHERE id = ? AND first_id <> ''
     UNION ALL SELECT first_id, last_id FROM batch_parts WHERE batch = ?`,
    ...[batch, batch],
  );
  return joinRanges(rows.map(({ first_id, last_id }) => [first_id, last_id]));
}

/** Ranges in their order, those that overlap as one. */
export function joinRanges(ranges: readonly IdRange[]): IdRange[] {
  const joined: [string, string][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const previous = joined.at(-1);
    if (!previous || first > previous[1]) joined.push([first, last]);
    else if (last > previous[1]) previous[1] = last;
  }
  return joined;
}
