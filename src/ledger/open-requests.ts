import { isEnd, type RequestState } from '../contract/states.ts';
import type { ReportEntry, ReportState } from '../message/report.ts';
import { receiverOf } from '../message/subject.ts';
import { LANE_SPAN, type Statement, type Store, statement } from '../store/store.ts';

/** Through the indexes that leave out what most messages are, so that many ended ones cost nothing. */
const OPEN = `
  SELECT key, id FROM ledger INDEXED BY ledger_notable
    WHERE batch IS NOT NULL AND state NOT IN ('queued', 'succeeded') AND state IN ('accepted', 'running') AND ended_at IS NULL
  UNION ALL
  SELECT key, id FROM ledger INDEXED BY ledger_own WHERE batch IS NULL AND state IN ('accepted', 'running') AND ended_at IS NULL`;

/** Statements that move the dates of all messages that have not ended, and of what belongs to them, ms. */
export function shiftOpen(ms: number): Statement[] {
  const keys = `SELECT key FROM (${OPEN}) UNION SELECT key FROM outbox`;
  const open = `FROM ledger WHERE key IN (${keys})`;
  const columns = ['queued_at', 'sent_at', 'accepted_at', 'started_at'];
  return [
    statement(`UPDATE batches SET at = at + ? WHERE id IN (SELECT batch ${open})`, ms),
    statement(`UPDATE steps SET at = at + ? WHERE id IN (SELECT id ${open})`, ms),
    statement(
      `UPDATE ledger SET ${columns.map((one) => `${one} = ${one} + ?`).join()} WHERE key IN (${keys}) AND ended_at IS NULL`,
      ...columns.map(() => ms),
    ),
  ];
}

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

/** States that say nothing of what the target did. */
const SAYS_NOTHING: ReadonlySet<RequestState> = new Set(['undelivered', 'expired', 'handed-over']);

/** How requests that a node holds stand here: those that were sent to it, and have ended or run as far as is known. */
export function statesOfHeld(
  store: Pick<Store, 'get'>,
  { node, ids }: { readonly node: string; readonly ids: readonly string[] },
): ReportEntry[] {
  return ids.flatMap((id): ReportEntry[] => {
    const row = store.get<{ state: RequestState; exit_code: number | null; subject: string }>(
      `SELECT l.state, l.exit_code, n.subject FROM ledger l JOIN lanes n ON n.id = l.key / ${LANE_SPAN} WHERE l.id = ?`,
      id,
    );
    if (!row || receiverOf(row.subject) !== node || SAYS_NOTHING.has(row.state)) return [];
    if (row.state !== 'running' && !isEnd(row.state)) return [];
    const exitCode = row.exit_code === null ? {} : { exitCode: row.exit_code };
    return [{ id, state: row.state as ReportState, ...exitCode }];
  });
}
