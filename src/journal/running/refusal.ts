import type { Message } from '../../message/message.ts';
import type { QueuedMethod } from '../journal-deps.ts';
import type { JournalRow, RowEnd } from '../journal-table.ts';

/** The reason of a request that was called off. */
export const CANCELLED = 'it was cancelled';

/** How a request ends whose turn has come and that must not run; undefined where it may. */
export function refusalOf(
  row: JournalRow,
  given: {
    readonly method: QueuedMethod | undefined;
    /** What the row holds; undefined where it cannot be read. */
    readonly message: Message | undefined;
    readonly now: number;
    /** How it ends, where its sender no longer wants it. */
    readonly calledOff: RowEnd | undefined;
  },
): RowEnd | undefined {
  const { method, message, now, calledOff } = given;
  if (row.expiresAt !== null && row.expiresAt < now)
    return { state: 'expired', reason: 'its time was over before its turn came' };
  if (calledOff) return calledOff;
  if (!message) return { state: 'rejected', reason: 'its journalled form cannot be read' };
  if (!method) return { state: 'rejected', reason: `this node does not know the method ${message.method}` };
  return undefined;
}
