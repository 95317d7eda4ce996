import { LANE_SPAN, type Store } from '../store/store.ts';

/** Through the indexes that leave out what most messages are, so that many ended ones cost nothing. */
const OPEN = `
  SELECT key, id FROM ledger INDEXED BY ledger_notable
    WHERE batch IS NOT NULL AND state NOT IN ('queued', 'succeeded') AND state IN ('accepted', 'running') AND ended_at IS NULL
  UNION ALL
  SELECT key, id FROM ledger INDEXED BY ledger_own WHERE batch IS NULL AND state IN ('accepted', 'running') AND ended_at IS NULL`;

/** The subjects of requests that their nodes took, and whose ends are not known. */
export async function subjectsOfOpen(store: Pick<Store, 'query'>): Promise<string[]> {
  const rows = await store.query<{ subject: string }>(
    `SELECT DISTINCT n.subject AS subject FROM (SELECT DISTINCT key / ${LANE_SPAN} AS lane FROM (${OPEN}))
     JOIN lanes n ON n.id = lane`,
  );
  return rows.map(({ subject }) => subject);
}

/** The ids of such requests on these subjects that come after one, in their order. */
export async function openAfter(
  store: Pick<Store, 'query'>,
  { subjects, after, limit }: { subjects: readonly string[]; after: string; limit: number },
): Promise<string[]> {
  const rows = await store.query<{ id: string }>(
    `SELECT id FROM (${OPEN}) WHERE id > ? AND key / ${LANE_SPAN} IN (
       SELECT id FROM lanes WHERE subject IN (SELECT value FROM json_each(?))) ORDER BY id LIMIT ?`,
    ...[after, JSON.stringify(subjects), limit],
  );
  return rows.map(({ id }) => id);
}
