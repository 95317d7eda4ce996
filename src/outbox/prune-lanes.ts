import { LANE_SPAN, type Store } from '../store/store.ts';
import type { Undelivered } from './ends/cancel-queued.ts';

const LANES_SLICE = 500;

/**
 * Lets go of what the ledger has forgotten: questions about messages that were called off, and lanes in which nothing waits. One
 * that is used again begins anew.
 */
export async function pruneLanes(store: Store, undelivered: Pick<Undelivered, 'forget'>): Promise<void> {
  await undelivered.forget();
  const isBare = (table: string) =>
    `NOT EXISTS (SELECT 1 FROM ${table} r WHERE r.key BETWEEN lanes.id * ${LANE_SPAN} AND (lanes.id + 1) * ${LANE_SPAN} - 1)`;
  const isEmpty = `${isBare('outbox')} AND ${isBare('ledger')}`;
  const sql = `SELECT id FROM lanes WHERE id > ? AND ${isEmpty} ORDER BY id LIMIT ${LANES_SLICE}`;
  for (let last = -1; ; ) {
    const rows = await store.query<{ id: number }>(sql, last);
    if (rows.length === 0) return;
    last = rows.at(-1)!.id;
    // Something may have been queued in one since.
    await store.write([
      { sql: `DELETE FROM lanes WHERE id = ? AND ${isEmpty}`, rows: rows.map(({ id }) => [id]) },
    ]);
  }
}
