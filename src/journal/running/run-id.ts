import { type Statement, type Store, statement } from '../../store/store.ts';

interface Run {
  readonly row: number;
  readonly id: string;
}

/**
 * The identity of one run of a request, which no other run on the machine has: its processes are found by it.
 *
 * `instance` tells this node's database from every other one, a copy of it included. `count` is 1 for the first run, and
 * grows with each run of a schedule. The row alone would not do, since a pruned journal may use its number again.
 */
export function runIdOf({ row, id }: Run, instance: string, count = 1): string {
  return `${instance}/${row}/${count}/${id}`;
}

/** The runs that were under way when an earlier life of the node ended, by run id and by request id. */
export interface OpenRuns {
  readonly runIds: ReadonlySet<string>;
  /** Not of schedules: by these alone, processes that earlier runs left on purpose would be found too. */
  readonly requestIds: ReadonlySet<string>;
}

/**
 * Reads which runs were under way. Of a schedule that waits for its next run, none was. What waits by a backup, up to this
 * row, may be under way too, as a later life has begun it.
 */
export function findOpenRuns(store: Pick<Store, 'all'>, instance: string, restoredRow = 0): OpenRuns {
  const rows = store.all<Run & { schedule: string | null; runs: number | null; run_at: number | null }>(
    `SELECT j.row, j.id, j.schedule, s.runs, s.run_at FROM journal j LEFT JOIN schedules s ON s.row = j.row
     WHERE j.state IN ('accepted', 'running') AND (j.state = 'running' OR (j.row <= ? AND j.schedule IS NULL))`,
    restoredRow,
  );
  const open = rows.filter(({ schedule, run_at }) => schedule === null || run_at !== null);
  return {
    runIds: new Set(open.map((row) => runIdOf(row, instance, (row.runs ?? 0) + 1))),
    requestIds: new Set(open.filter(({ schedule }) => schedule === null).map(({ id }) => id)),
  };
}

/** Statements that give an id to each open request without one: earlier versions kept those of original nodes so. */
export function giveMissingIds(store: Pick<Store, 'all'>, newId: () => string): Statement[] {
  const rows = store.all<{ row: number }>(`SELECT row FROM journal WHERE id = '' AND ended_at IS NULL`);
  return rows.map(({ row }) => statement('UPDATE journal SET id = ? WHERE row = ?', newId(), row));
}
