import type { NodeDetail } from '../contract/node-detail.ts';
import type { NodePage, NodeQuery, NodeSummary, TargetAnswer } from '../contract/nodes.ts';
import { OperationError } from '../contract/operation-error.ts';

/** A node by what lists are filtered and ordered by; `summary` looks up what they show of it. */
type ListedNode = Pick<NodeSummary, 'presence' | 'lastSeenAt' | 'usualAwayMs' | 'queued' | 'running'> & {
  summary(): NodeSummary;
};

interface NodePageDeps {
  /** By name. */
  all(): Promise<readonly ListedNode[]>;
  /** Likewise. */
  resolve(target: string): Promise<Pick<TargetAnswer, 'unknown'> & { readonly nodes: readonly ListedNode[] }>;
  detailsOf(nodes: readonly NodeSummary[]): readonly NodeDetail[];
  /** Unix ms. */
  now(): number;
}

/** Some of the nodes, filtered and in order. Throws OperationError for a target or a cursor that is wrong. */
export async function nodePage(
  { target, presence, overdue = false, sort = 'name', limit = 100, cursor, details = false }: NodeQuery,
  { all, resolve, detailsOf, now }: NodePageDeps,
): Promise<NodePage> {
  const nodes = target === undefined ? await all() : await meant(target, resolve);
  const fits = (node: ListedNode) =>
    (presence === undefined || node.presence === presence) && (!overdue || isOverdue(node, now()));
  const left = nodes.filter(fits);
  const presences = { here: 0, away: 0, unknown: 0 };
  for (const node of left) presences[node.presence]++;
  const sizeOf = SIZES[sort];
  const ordered = sizeOf === undefined ? left : left.toSorted((a, b) => sizeOf(b) - sizeOf(a));
  const from = offsetOf(cursor);
  const next = from + limit < ordered.length ? String(from + limit) : null;
  const items = ordered.slice(from, from + limit).map((node) => node.summary());
  const page = { items, next, total: ordered.length, presences };
  return details ? { ...page, details: detailsOf(items) } : page;
}

/** Absences of a node whose usual ones are not known may take so long, ms. */
export const PATIENCE_MS = 86_400_000;

function isOverdue({ presence, lastSeenAt, usualAwayMs }: ListedNode, now: number): boolean {
  return presence === 'away' && lastSeenAt !== null && now - lastSeenAt > (usualAwayMs ?? PATIENCE_MS);
}

async function meant(target: string, resolve: NodePageDeps['resolve']): Promise<readonly ListedNode[]> {
  const { nodes, unknown } = await resolve(target);
  const [first] = unknown;
  if (nodes.length === 0 && first !== undefined) {
    throw new OperationError('bad-request', first.reason, { field: 'target' });
  }
  return nodes;
}

/** What the largest of comes first, in the orders that are not by name. */
const SIZES: Readonly<Partial<Record<NonNullable<NodeQuery['sort']>, (node: ListedNode) => number>>> = {
  lastSeen: ({ lastSeenAt }) => lastSeenAt ?? 0,
  queued: ({ queued }) => queued,
  running: ({ running }) => running,
};

/** A cursor is how many nodes come before; nodes that come or go meanwhile may show twice or be passed over. */
function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  const text = `the cursor ${JSON.stringify(cursor.slice(0, 100))} is not the "next" of a page: leave it out to begin`;
  throw new OperationError('bad-request', text, { field: 'cursor' });
}
