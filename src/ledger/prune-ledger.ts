import { prune } from '../store/prune.ts';
import { type Store, statement } from '../store/store.ts';
import { firstIdAt } from './request-row.ts';

/** What is left of a batch: a row in the ledger. */
const BATCH_IS_GONE = `NOT EXISTS (
    SELECT 1 FROM ledger l WHERE l.id BETWEEN batches.first_id AND batches.last_id AND l.batch = batches.id)
  AND NOT EXISTS (
    SELECT 1 FROM batch_parts p JOIN ledger l ON l.id BETWEEN p.first_id AND p.last_id AND l.batch = p.batch
    WHERE p.batch = batches.id)
  AND id NOT IN (SELECT batch FROM waves)`;

/**
 * The newest stays: by its id the node knows that its database is not an older one. So do those of batches whose waves go
 * on: who has a request had a turn.
 */
const REMOVABLE = `ended_at IS NOT NULL AND id < (SELECT max(id) FROM ledger)
  AND coalesce(batch, '') NOT IN (SELECT batch FROM waves)`;

/**
 * Deletes what has ended and was queued before a time, or is not among the newest `keepCount`, with all that was kept
 * about it. Resolves with how many messages went.
 */
export async function pruneLedger(
  store: Store,
  { before, keepCount }: { readonly before: number; readonly keepCount: number },
): Promise<number> {
  const deleted = await prune(store, {
    ...{ table: 'ledger', order: 'id', removable: REMOVABLE, followers: 'outputs' },
    ...{ before: firstIdAt(before), keepCount },
  });
  // Below the oldest one that is left, all that has ended is gone.
  const [oldest] = await store.query<{ id: string }>(
    'SELECT id FROM ledger WHERE ended_at IS NOT NULL ORDER BY id LIMIT 1',
  );
  if (oldest) await pruneBelow(store, oldest.id);
  return deleted;
}

async function pruneBelow(store: Store, id: string): Promise<void> {
  const isOrphan = (table: string) => `NOT EXISTS (SELECT 1 FROM ledger l WHERE l.id = ${table}.id)`;
  const below = { before: id, keepCount: Number.MAX_SAFE_INTEGER };
  const table = 'request_options';
  await prune(store, { ...below, table, order: 'id', removable: isOrphan(table) });
  await prune(store, { ...below, table: 'batches', order: 'id', removable: BATCH_IS_GONE });
  await store.write([
    statement(`DELETE FROM steps WHERE id < ? AND ${isOrphan('steps')}`, id),
    statement('DELETE FROM operators WHERE last_id < ?', id),
    statement('DELETE FROM batch_parts WHERE batch NOT IN (SELECT id FROM batches)'),
  ]);
}
