import { planStatement } from '../ledger/batch-rows.ts';
import { type Store, statement } from '../store/store.ts';
import type { KeptWaves } from '../waves/waves.ts';

/** The plans of batches that go from node to node, in the node's database. */
export function keptWaves(store: Store, now: () => number): KeptWaves {
  return {
    open: async () =>
      (await store.query<{ batch: string }>('SELECT batch FROM waves')).map(({ batch }) => batch),
    planOf: async (batch) => {
      const [row] = await store.query<{ plan: string | null }>(
        'SELECT plan FROM batches WHERE id = ?',
        batch,
      );
      return row?.plan ? (JSON.parse(row.plan) as unknown) : undefined;
    },
    keep: (batch, plan, label) =>
      store.write([
        planStatement(batch, plan, now(), label),
        plan.isOver
          ? statement('DELETE FROM waves WHERE batch = ?', batch)
          : statement('INSERT OR IGNORE INTO waves VALUES (?)', batch),
      ]),
  };
}
