import { supersededBy } from '../../message/supersedes.ts';
import type { Store } from '../../store/store.ts';
import type { QueuedMethod } from '../journal-deps.ts';
import type { JournalRow, RowEnd } from '../journal-table.ts';
import type { Cancellations } from './cancellations.ts';
import { CANCELLED } from './refusal.ts';

interface CalledOffDeps {
  readonly store: Pick<Store, 'all'>;
  readonly cancellations: Pick<Cancellations, 'ids'>;
  methodOf(subject: string): QueuedMethod | undefined;
}

type Newer = Pick<JournalRow, 'id' | 'subject' | 'lane'>;

const NEWER =
  'SELECT id, subject, lane FROM journal WHERE supersedes = ? AND from_node = ? AND id > ? ORDER BY id DESC';

/** How a request ends that its sender no longer wants to begin: cancelled, or with a newer one of its key; undefined where it may. */
export function calledOff(row: JournalRow, deps: CalledOffDeps): RowEnd | undefined {
  if (deps.cancellations.ids.has(row.id)) return { state: 'cancelled', reason: CANCELLED };
  const isRun = (subject: string) => deps.methodOf(subject)?.mode === 'run';
  // What is relayed is not for this node.
  if (row.supersedes == null || !isRun(row.subject)) return undefined;
  const successor = newerThan(row, deps.store).find(
    (other) => isRun(other.subject) && !isOfOlderLane(other, row),
  );
  return successor && { state: 'superseded', reason: supersededBy(successor.id) };
}

/** Whether its sender began the lane of another request anew before this one: a restored backup, or a new installation, may give lower ids. */
function isOfOlderLane({ subject, lane }: Newer, row: JournalRow): boolean {
  return subject === row.subject && lane !== null && row.lane !== null && lane < row.lane;
}

/** Where the database cannot be read, nothing takes its place: it begins once that can be written down. */
function newerThan({ supersedes, fromNode, id }: JournalRow, store: CalledOffDeps['store']) {
  try {
    return store.all<Newer>(NEWER, supersedes!, fromNode, id);
  } catch {
    return [];
  }
}
