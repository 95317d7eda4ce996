import { supersededBy } from '../../message/supersedes.ts';
import type { Store } from '../../store/store.ts';
import type { QueuedMethod } from '../journal-deps.ts';
import type { JournalRow, RowEnd } from '../journal-table.ts';
import type { Cancellations } from './cancellations.ts';
import { CANCELLED } from './refusal.ts';

interface CalledOffDeps {
  readonly store: Pick<Store, 'all'>;
  readonly cancellations: Pick<Cancellations, 'has'>;
  methodOf(subject: string): QueuedMethod | undefined;
}

const NEWER =
  'SELECT id, subject FROM journal WHERE supersedes = ? AND from_node = ? AND id > ? ORDER BY id DESC';

/** How a request ends that its sender no longer wants to begin: cancelled, or with a newer one of its key; undefined where it may. */
export function calledOff(row: JournalRow, deps: CalledOffDeps): RowEnd | undefined {
  if (deps.cancellations.has(row.id)) return { state: 'cancelled', reason: CANCELLED };
  const isRun = (subject: string) => deps.methodOf(subject)?.mode === 'run';
  // What is relayed is not for this node.
  if (row.supersedes == null || !isRun(row.subject)) return undefined;
  const successor = newerThan(row, deps.store).find(({ subject }) => isRun(subject));
  return successor && { state: 'superseded', reason: supersededBy(successor.id) };
}

/** Where the database cannot be read, nothing takes its place: it begins once that can be written down. */
function newerThan({ supersedes, fromNode, id }: JournalRow, store: CalledOffDeps['store']) {
  try {
    return store.all<{ id: string; subject: string }>(NEWER, supersedes!, fromNode, id);
  } catch {
    return [];
  }
}
