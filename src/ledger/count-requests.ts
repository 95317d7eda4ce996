import type { StateCounts } from '../contract/batch-summary.ts';
import type { RequestState } from '../contract/states.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';
import { batchRanges } from './batch-ranges.ts';
import { NOTABLE } from './find-requests.ts';

interface Count {
  readonly state: RequestState;
  readonly n: number;
}

/**
 * How many requests are in each state. The rows of those that have succeeded, which may be millions, are not looked at:
 * they are what is left of all when the others are counted, and what is queued is counted in the outbox.
 */
export async function countRequests(store: Store): Promise<StateCounts> {
  const [all, waiting, notable, own] = (await store.queryAll([
    { sql: 'SELECT count(*) AS n FROM ledger', params: [] },
    { sql: 'SELECT count(*) AS n FROM outbox', params: [] },
    {
      sql: `SELECT state, count(*) AS n FROM ledger INDEXED BY ledger_notable WHERE ${NOTABLE} GROUP BY state`,
      params: [],
    },
    { sql: 'SELECT state, count(*) AS n FROM ledger WHERE batch IS NULL GROUP BY state', params: [] },
  ])) as [Count[], Count[], Count[], Count[]];
  const ofState = (counts: Count[], ...states: string[]) =>
    counts.reduce((sum, { state, n }) => (states.includes(state) ? sum + n : sum), 0);
  const total = (counts: Count[]) => counts.reduce((sum, { n }) => sum + n, 0);
  const requests = total(all) - total(own);
  const queued = total(waiting) - ofState(own, 'queued', 'sent') - ofState(notable, 'sent');
  const counts = [...notable, { state: 'queued', n: queued } as Count];
  return toCounts([...counts, { state: 'succeeded', n: requests - total(counts) }]);
}

/** How many requests of a batch are in each state. */
export async function countBatch(store: Store, batch: string): Promise<StateCounts> {
  const ranges = await batchRanges(store, batch);
  const rows = await store.query<Count>(
    `SELECT l.state AS state, count(*) AS n FROM json_each(?) r CROSS JOIN ledger l
     WHERE l.id BETWEEN r.value ->> 0 AND r.value ->> 1 AND l.batch = ? GROUP BY l.state`,
    ...[JSON.stringify(ranges), batch],
  );
  return toCounts(rows);
}

/** How many requests each lane's node has accepted, and not ended yet as far as is known; by the lanes' subjects. */
export async function countRunning(store: Store): Promise<ReadonlyMap<string, number>> {
  const rows = await store.query<{ subject: string; n: number }>(
    `SELECT n.subject AS subject, count(*) AS n FROM ledger l INDEXED BY ledger_notable
       JOIN lanes n ON n.id = l.key / ${LANE_SPAN}
     WHERE ${NOTABLE.replaceAll(/batch|state/g, 'l.$&')} AND l.state IN ('accepted', 'running') AND l.ended_at IS NULL
     GROUP BY n.id`,
  );
  return new Map(rows.map(({ subject, n }) => [subject, n]));
}

function toCounts(counts: readonly Count[]): StateCounts {
  return Object.fromEntries(counts.filter(({ n }) => n > 0).map(({ state, n }) => [state, n]));
}
