import type { Activity } from '../contract/activity.ts';
import type { RequestState } from '../contract/states.ts';
import type { Clock } from '../lib/clock.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';
import { firstIdAt, targetOf } from './request-row.ts';

const DAY_MS = 86_400_000;
/** How many spans make a chart. */
const BUCKETS = 56;
/** More requests than this are not looked at: the chart of a busy fleet is of a shorter time. */
const MOST = 100_000;
const MOST_NODES = 10;

interface Counted {
  readonly bucket: number;
  readonly state: RequestState;
  readonly n: number;
}

/** Pages that show it read it anew whenever something changes: it is counted this often at most, ms. */
const EVERY_MS = 30_000;

interface ReaderDeps {
  readonly store: Store;
  readonly clock: Pick<Clock, 'wallNow' | 'steadyNow'>;
}

/** Reads what was queued lately, for as many as look at it. */
export class ActivityReader {
  readonly #deps: ReaderDeps;
  readonly #known = new Map<number, { readonly at: number; readonly activity: Promise<Activity> }>();

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
  }

  read(days: number): Promise<Activity> {
    const { store, clock } = this.#deps;
    const known = this.#known.get(days);
    if (known !== undefined && clock.steadyNow() < known.at + EVERY_MS) return known.activity;
    const activity = readActivity(store, { days, now: clock.wallNow() });
    this.#known.set(days, { at: clock.steadyNow(), activity });
    activity.catch(() => this.#known.delete(days));
    return activity;
  }
}

/** What was queued in the days before `now`, in spans of equal length. */
export async function readActivity(
  store: Store,
  { days, now }: { days: number; now: number },
): Promise<Activity> {
  const bucketMs = Math.ceil((days * DAY_MS) / BUCKETS);
  const from = now - bucketMs * BUCKETS;
  const newest = `SELECT x.key, x.state, x.queued_at, x.accepted_at, x.output_bytes FROM ledger x
    WHERE x.id >= ? AND x.batch IS NOT NULL AND x.queued_at >= ? AND x.queued_at <= ? ORDER BY x.id DESC LIMIT ${MOST}`;
  const params = [firstIdAt(from - DAY_MS), from, now];
  const bucket = `min((r.queued_at - ${from}) / ${bucketMs}, ${BUCKETS - 1})`;
  const [counted, delivered, printed] = (await store.queryAll([
    {
      sql: `SELECT ${bucket} AS bucket, r.state AS state, count(*) AS n FROM (${newest}) r GROUP BY 1, 2`,
      params,
    },
    {
      sql: `SELECT bucket, ms FROM (
          SELECT bucket, ms, row_number() OVER (PARTITION BY bucket ORDER BY ms) AS rank,
            count(*) OVER (PARTITION BY bucket) AS n
          FROM (SELECT ${bucket} AS bucket, max(0, r.accepted_at - r.queued_at) AS ms FROM (${newest}) r
            WHERE r.accepted_at IS NOT NULL))
        WHERE rank = (n + 1) / 2`,
      params,
    },
    {
      sql: `SELECT n.subject AS subject, (r.queued_at - ${now - days * DAY_MS}) / ${DAY_MS} AS day,
          sum(r.output_bytes) AS bytes
        FROM (${newest}) r JOIN lanes n ON n.id = r.key / ${LANE_SPAN} WHERE r.output_bytes > 0 GROUP BY 1, 2`,
      params,
    },
  ])) as [Counted[], { bucket: number; ms: number }[], { subject: string; day: number; bytes: number }[]];
  const median = new Map(delivered.map(({ bucket: index, ms }) => [index, ms]));
  const ofBucket = Map.groupBy(counted, ({ bucket: index }) => index);
  return {
    bucketMs,
    buckets: Array.from({ length: BUCKETS }, (_, index) => ({
      at: from + index * bucketMs,
      counts: toCounts(ofBucket.get(index) ?? []),
      deliveryMs: median.get(index) ?? null,
    })),
    output: outputOf(printed, days),
    isCut: counted.reduce((sum, { n }) => sum + n, 0) >= MOST,
  };
}

function toCounts(counted: readonly Counted[]): Readonly<Record<string, number>> {
  return Object.fromEntries(counted.map(({ state, n }) => [state, n]));
}

function outputOf(
  rows: readonly { readonly subject: string; readonly day: number; readonly bytes: number }[],
  days: number,
): Activity['output'] {
  const byNode = new Map<string, number[]>();
  for (const { subject, day, bytes } of rows) {
    const { node } = targetOf(subject);
    const ofDays = byNode.get(node) ?? Array.from({ length: days }, () => 0);
    ofDays[Math.min(Math.max(0, day), days - 1)]! += bytes;
    byNode.set(node, ofDays);
  }
  return [...byNode]
    .map(([node, ofDays]) => ({ node, days: ofDays, totalBytes: ofDays.reduce((sum, one) => sum + one, 0) }))
    .sort((a, b) => b.totalBytes - a.totalBytes)
    .slice(0, MOST_NODES);
}
