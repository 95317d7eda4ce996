import type { BatchSummary } from '../contract/batch-summary.ts';
import type { Page, PageOptions } from '../contract/requests.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';
import { isRunPlan, type RunPlan } from '../waves/run-plan.ts';
import { countBatch } from './count-requests.ts';
import { targetOf } from './request-row.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

interface BatchRow {
  readonly id: string;
  readonly at: number;
  readonly label: string;
  readonly total: number;
  readonly plan: string | null;
  /** The subject of the first message, where there is no label. */
  readonly subject: string | null;
}

// What was queued before batches had rows has no label: its first message says what it was.
const COLUMNS = `b.id, b.at, b.label, b.total, b.plan, CASE b.label WHEN '' THEN (
    SELECT n.subject FROM ledger l JOIN lanes n ON n.id = l.key / ${LANE_SPAN}
    WHERE l.id BETWEEN b.first_id AND b.last_id AND l.batch = b.id ORDER BY l.id LIMIT 1) END AS subject`;

/** What was submitted together, newest first. */
export async function findBatches(store: Store, page: PageOptions = {}): Promise<Page<BatchSummary>> {
  const limit = Math.min(Math.max(1, page.limit ?? DEFAULT_LIMIT), MAX_LIMIT);
  const { cursor } = page;
  const rows = await store.query<BatchRow>(
    `SELECT ${COLUMNS} FROM batches b ${cursor === undefined ? '' : 'WHERE b.id < ?'} ORDER BY b.id DESC LIMIT ${limit + 1}`,
    ...(cursor === undefined ? [] : [cursor]),
  );
  const whole = await Promise.all(rows.slice(0, limit).map((row) => toBatch(store, row)));
  // The plan of waves names every node.
  const items = whole.map((batch) => (batch.waves === undefined ? batch : { ...batch, plan: null }));
  return { items, next: rows.length > limit ? items.at(-1)!.id : null };
}

/** One batch, or undefined. */
export async function findBatch(store: Store, id: string): Promise<BatchSummary | undefined> {
  const [row] = await store.query<BatchRow>(`SELECT ${COLUMNS} FROM batches b WHERE b.id = ?`, id);
  return row && (await toBatch(store, row));
}

async function toBatch(
  store: Store,
  { id, at, label, total, plan, subject }: BatchRow,
): Promise<BatchSummary> {
  const noted = plan === null ? null : (JSON.parse(plan) as unknown);
  return {
    id,
    at,
    label: label || (subject === null ? '' : targetOf(subject).method),
    total,
    counts: await countBatch(store, id),
    plan: noted,
    ...(isRunPlan(noted) && noted.version === 3 ? { waves: wavesOf(noted) } : {}),
  };
}

function wavesOf({ targets, isOver = false, stopped }: RunPlan): NonNullable<BatchSummary['waves']> {
  return { targets: targets.length, isOver, stopped: stopped ?? null };
}
