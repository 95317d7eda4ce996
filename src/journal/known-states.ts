import type { ReportEntry } from '../message/report.ts';
import type { StateAnswer, StateQuestion } from '../message/state-question.ts';
import type { Store } from '../store/store.ts';
import { type StoredRow, toReport } from './journal-table.ts';

/** What fits into one answer, bytes: brokers take 1 MB unless told otherwise, and base64 adds a third. */
const MAX_BYTES = 256 * 1024;
const ENTRY_BYTES = 512;

/**
 * What the journal knows of requests that a node sent: only of its own. A row that has ended and is not reported yet is left
 * out, as its report brings the output too.
 */
export function knownStates(store: Pick<Store, 'get'>, { from, ids }: StateQuestion): StateAnswer {
  const ends: ReportEntry[] = [];
  const unknown: string[] = [];
  let upTo: string | null = null;
  for (let index = 0, bytes = 0; index < ids.length && bytes < MAX_BYTES; index++) {
    upTo = ids[index]!;
    const row = rowOf(store, from, upTo);
    if (row) ends.push(...newsOf(row));
    else unknown.push(upTo);
    bytes += ENTRY_BYTES + (row?.stderr_tail?.length ?? 0);
  }
  const oldest = store.get<{ id: string }>('SELECT id FROM journal ORDER BY row LIMIT 1')?.id;
  const isGone = (id: string) => oldest !== undefined && id < oldest;
  return { ends, gone: unknown.filter(isGone), never: unknown.filter((id) => !isGone(id)), upTo };
}

type Row = StoredRow & { readonly reported: number };

function rowOf(store: Pick<Store, 'get'>, from: string, id: string): Row | undefined {
  return store.get<Row>('SELECT * FROM journal WHERE id = ? AND from_node = ?', id, from);
}

function newsOf(row: Row): ReportEntry[] {
  if (row.ended_at === null) return runs(row);
  return row.reported === 1 ? [toReport(row)] : [];
}

/** That it waits for its turn is no news for who knows that it was accepted. */
function runs({ id, state, accepted_at: acceptedAt, started_at: startedAt }: StoredRow): ReportEntry[] {
  return state === 'running' && startedAt !== null ? [{ id, state, acceptedAt, startedAt }] : [];
}

/** Requests of a node that have begun here, and whether they are over. */
export function startedOf(store: Pick<Store, 'get'>, from: string, ids: readonly string[]) {
  return ids.flatMap((id) => {
    const row = rowOf(store, from, id);
    if (!row?.started_at) return [];
    return [{ id, acceptedAt: row.accepted_at, startedAt: row.started_at, isOver: row.ended_at !== null }];
  });
}

/** The node from which a request came that is known here, or undefined. */
export function askerOf(store: Pick<Store, 'get'>, id: string): string | undefined {
  return store.get<{ from_node: string }>('SELECT from_node FROM journal WHERE id = ?', id)?.from_node;
}

/** The node from which a request came that goes on as another one, by the id of that. */
export function firstSenderOf(store: Pick<Store, 'get'>, forward: string): string | undefined {
  const sql = 'SELECT from_node FROM journal WHERE forward = ?';
  return store.get<{ from_node: string }>(sql, forward)?.from_node;
}

/** Whether a request that was accepted at this time or later, unix ms, has not ended here. */
export function runsSince(store: Pick<Store, 'get'>, at: number): boolean {
  const sql = "SELECT 1 FROM journal WHERE state IN ('accepted', 'running') AND accepted_at >= ? LIMIT 1";
  return store.get(sql, at) !== undefined;
}

/** How many requests of a node wait here to begin. */
export function waitingOf(store: Pick<Store, 'get'>, fromNode: string): number {
  // In words of the index of what is open.
  const sql = `SELECT count(*) AS count FROM journal
    WHERE state IN ('accepted', 'running') AND state = 'accepted' AND from_node = ?`;
  return store.get<{ count: number }>(sql, fromNode)?.count ?? 0;
}
