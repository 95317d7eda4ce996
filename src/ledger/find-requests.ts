import type { Page, PageOptions, RequestFilter, RequestSummary } from '../contract/requests.ts';
import { isEnd, REQUEST_STATES } from '../contract/states.ts';
import { LANE_SPAN, type Query, type SqlValue, type Store } from '../store/store.ts';
import { batchRanges } from './batch-ranges.ts';
import { firstIdAt, type RequestRow, ROW_COLUMNS, ROW_TABLES, toSummary } from './request-row.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** A request has its id before it is queued: when it waited for room, the two may be so far apart, ms. */
const ID_LEAD_MS = 600_000;
/** Up to this many lanes are looked through one by one; with more, a common method is found among the newest. */
const MAX_LANES = 500;
/** Lanes that hold as few messages are looked through, however many lanes. */
const FEW_MESSAGES = 50_000;

/** What the index `ledger_notable` holds; a query that uses it must say the same. */
export const NOTABLE = `batch IS NOT NULL AND state NOT IN ('queued', 'succeeded')`;

/** Where the rows of a list come from: a select of keys, newest first, at most `limit` of them. */
interface Source extends Query {}

interface Wanted {
  readonly filter: RequestFilter;
  readonly limit: number;
  /** Conditions on `ledger x` that hold whatever the source, with their values. */
  readonly where: string;
  readonly params: readonly SqlValue[];
}

/** The requests that a filter means, newest first; messages of the node's own making are none. */
export async function findRequests(
  store: Store,
  filter: RequestFilter,
  page: PageOptions = {},
): Promise<Page<RequestSummary>> {
  const limit = Math.min(Math.max(1, page.limit ?? DEFAULT_LIMIT), MAX_LIMIT);
  const wanted = wantedOf(filter.scheduled ? openOf(filter) : filter, page.cursor, limit + 1);
  const sources = await sourcesOf(store, wanted);
  const union = sources.map(({ sql }) => `SELECT key FROM (${sql})`).join(' UNION ');
  const rows = await store.query<RequestRow>(
    `SELECT ${ROW_COLUMNS} FROM ${ROW_TABLES} WHERE l.key IN (${union}) ORDER BY l.id DESC LIMIT ${limit + 1}`,
    ...sources.flatMap(({ params }) => params),
  );
  const items = rows.slice(0, limit).map(toSummary);
  return { items, next: rows.length > limit ? items.at(-1)!.id : null };
}

/** The requests with these ids that are known; messages of the node's own making are left out. */
export async function readRequests(store: Store, ids: readonly string[]): Promise<RequestSummary[]> {
  const rows = await store.query<RequestRow>(
    `SELECT ${ROW_COLUMNS} FROM json_each(?) wanted CROSS JOIN ${ROW_TABLES}
     WHERE l.id = wanted.value AND l.batch IS NOT NULL`,
    JSON.stringify(ids),
  );
  return rows.map(toSummary);
}

/** What runs by a schedule is looked for among the requests that have not ended, which are few compared with all that have. */
function openOf({ state, ...filter }: RequestFilter): RequestFilter {
  const asked = isSet(state) ? state : REQUEST_STATES;
  return { ...filter, state: asked.filter((one) => !isEnd(one)) };
}

function wantedOf(filter: RequestFilter, cursor: string | undefined, limit: number): Wanted {
  const { since, until, state, batch, scheduled } = filter;
  const conditions = ['x.batch IS NOT NULL'];
  const params: SqlValue[] = [];
  const add = (condition: string, ...values: SqlValue[]) => {
    conditions.push(condition);
    params.push(...values);
  };
  if (cursor !== undefined) add('x.id < ?', cursor);
  if (since !== undefined) add('x.id >= ? AND x.queued_at >= ?', firstIdAt(since - ID_LEAD_MS), since);
  if (until !== undefined) add('x.id < ? AND x.queued_at < ?', firstIdAt(until), until);
  if (batch !== undefined) add('x.batch = ?', batch);
  if (scheduled)
    add(
      `EXISTS (SELECT 1 FROM request_options r WHERE r.id = x.id AND r.options ->> '$.schedule' IS NOT NULL)`,
    );
  if (isSet(state)) add('x.state IN (SELECT value FROM json_each(?))', JSON.stringify(state));
  return { filter, limit, where: conditions.join(' AND '), params };
}

/** The ways to the rows that look at few others. */
async function sourcesOf(store: Store, wanted: Wanted): Promise<Source[]> {
  const { node, method, state, batch } = wanted.filter;
  const namesTarget = isSet(node) || isSet(method);
  if (isSet(state) && !state.includes('succeeded')) {
    return state.map((one) => (one === 'queued' ? queuedSource(wanted) : notableSource(wanted, one)));
  }
  if (batch !== undefined) return [await batchSource(store, wanted, batch)];
  if (!namesTarget) return [newestSource(wanted)];
  const [lanes] = await store.query<{ count: number; messages: number }>(
    `SELECT count(*) AS count, coalesce(sum(next_seq - 1), 0) AS messages FROM lanes n WHERE ${targetCondition(wanted)}`,
    ...targetParams(wanted),
  );
  const isSmall = lanes!.count <= MAX_LANES || lanes!.messages <= FEW_MESSAGES;
  return [isSmall ? laneSource(wanted) : newestSource(wanted)];
}

/** By id, from the newest on. */
function newestSource(wanted: Wanted): Source {
  const { where, params, limit } = wanted;
  return {
    sql: `SELECT x.key FROM ledger x WHERE ${where} AND ${lanesCondition(wanted)} ORDER BY x.id DESC LIMIT ${limit}`,
    params: [...params, ...targetParams(wanted)],
  };
}

/** By the index that leaves out what is queued or has succeeded. */
function notableSource(wanted: Wanted, state: string): Source {
  const { where, params, limit } = wanted;
  return {
    sql: `SELECT x.key FROM ledger x INDEXED BY ledger_notable
          WHERE ${NOTABLE} AND x.state = ? AND ${where} AND ${lanesCondition(wanted)} ORDER BY x.id DESC LIMIT ${limit}`,
    params: [state, ...params, ...targetParams(wanted)],
  };
}

/** What is queued is in the outbox too, and much less there is nothing else in it. */
function queuedSource(wanted: Wanted): Source {
  const { where, params, limit } = wanted;
  return {
    sql: lanesSql(
      wanted,
      `SELECT x.key FROM outbox o JOIN ledger x ON x.key = o.key
       WHERE o.key BETWEEN n.id * ${LANE_SPAN} AND (n.id + 1) * ${LANE_SPAN} - 1 AND x.state = 'queued' AND ${where}
       ORDER BY o.key DESC LIMIT ${limit}`,
    ),
    params: [...targetParams(wanted), ...params],
  };
}

/** From the ends of the lanes that lead to the nodes, for the methods: in a lane, later messages have higher keys. */
function laneSource(wanted: Wanted): Source {
  const { where, params, limit } = wanted;
  return {
    sql: lanesSql(
      wanted,
      `SELECT x.key FROM ledger x
       WHERE x.key BETWEEN n.id * ${LANE_SPAN} AND (n.id + 1) * ${LANE_SPAN} - 1 AND ${where}
       ORDER BY x.key DESC LIMIT ${limit}`,
    ),
    params: [...targetParams(wanted), ...params],
  };
}

function lanesSql(wanted: Wanted, newestOfLane: string): string {
  return `SELECT k.key FROM lanes n CROSS JOIN ledger k WHERE ${targetCondition(wanted)} AND k.key IN (${newestOfLane})
          ORDER BY k.id DESC LIMIT ${wanted.limit}`;
}

/** From the ranges of ids in which the messages of a batch lie. */
async function batchSource(store: Store, wanted: Wanted, batch: string): Promise<Source> {
  const { where, params, limit } = wanted;
  const ranges = await batchRanges(store, batch);
  const target = lanesCondition(wanted);
  if (ranges.length <= 1) {
    return {
      sql: `SELECT x.key FROM ledger x WHERE x.id BETWEEN ? AND ? AND ${where} AND ${target}
            ORDER BY x.id DESC LIMIT ${limit}`,
      params: [...(ranges[0] ?? ['', '']), ...params, ...targetParams(wanted)],
    };
  }
  return {
    sql: `SELECT x.key FROM json_each(?) r CROSS JOIN ledger x
          WHERE x.id BETWEEN r.value ->> 0 AND r.value ->> 1 AND ${where} AND ${target} ORDER BY x.id DESC LIMIT ${limit}`,
    params: [JSON.stringify(ranges), ...params, ...targetParams(wanted)],
  };
}

/** Whether `lanes n` leads to a wanted node, for a wanted method. */
function targetCondition({ filter: { node, method } }: Wanted): string {
  const rest = `substr(n.subject, instr(n.subject, '.') + 1)`;
  const conditions = [
    ...(isSet(node)
      ? [`substr(n.subject, 1, instr(n.subject, '.') - 1) IN (SELECT value FROM json_each(?))`]
      : []),
    ...(isSet(method)
      ? [`substr(${rest}, 1, instr(${rest}, '.') - 1) IN (SELECT value FROM json_each(?))`]
      : []),
  ];
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');
}

function targetParams({ filter: { node, method } }: Wanted): SqlValue[] {
  return [node, method].filter(isSet).map((names) => JSON.stringify(names));
}

/** The same for `ledger x`. */
function lanesCondition(wanted: Wanted): string {
  const target = targetCondition(wanted);
  return target === 'TRUE' ? target : `x.key / ${LANE_SPAN} IN (SELECT n.id FROM lanes n WHERE ${target})`;
}

function isSet<T>(values: readonly T[] | undefined): values is readonly T[] {
  return values !== undefined && values.length > 0;
}
