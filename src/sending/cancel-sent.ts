import type { Ledger } from '../ledger/ledger.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import { CANCELLED_HERE } from './cancel-requests.ts';
import type { RepliesAndReports } from './replies-and-reports.ts';

export interface CancelSentDeps {
  readonly ledger: Pick<Ledger, 'receiverOf'>;
  readonly undelivered: Pick<Undelivered, 'cancel'>;
  readonly sending: Pick<RepliesAndReports, 'cancel'>;
}

/** Cancels a message that this node sent for another one: here, and at its node. */
export async function cancelSent(
  { ledger, undelivered, sending }: CancelSentDeps,
  id: string,
): Promise<void> {
  const toNode = ledger.receiverOf(id);
  if (toNode !== undefined) await sending.cancel(toNode, [id]);
  await undelivered.cancel({ id }, CANCELLED_HERE);
}
