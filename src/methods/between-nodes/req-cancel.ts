import { isUuid } from '../../lib/uuid.ts';
import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { type EffectMethod, required } from '../method.ts';

export interface CancelDeps {
  readonly journal: {
    /** Sees to it that the request does not run, or not any longer; resolves when that is on disk. */
    cancel(id: string): Promise<void>;
  };
}

/**
 * REQCancel (EventACK): cancels requests by their ids, sent to the node that they were sent to.
 *
 * Arguments: the ids, as the answer to the submission gave them. The node that submits it ends them at once if
 * they are not delivered yet. At the target, one that waits for its turn ends as `cancelled`; one that runs is
 * stopped, its whole process group with it; one that has not come will not run when it comes; and of one that has
 * ended, the end is reported once more. The requests' own states tell what became of them. No reply.
 */
export function createReqCancel({ journal }: CancelDeps): EffectMethod {
  return {
    name: 'REQCancel',
    kind: 'EventACK',
    mode: 'effect',
    summary: 'Cancels requests, whether they wait, run, or have not come yet.',
    args: [
      required(
        'methodArgs[0...]',
        'ids',
        'The ids of the requests to cancel',
        '01890a5d-ac96-774b-bcce-b302099a8057',
      ),
    ],
    check: ({ methodArgs }) => {
      if (!methodArgs?.length) return 'methodArgs is empty: it names the ids of the requests to cancel';
      const wrong = methodArgs.find((id) => !isUuid(id.toLowerCase()));
      return wrong === undefined
        ? undefined
        : `methodArgs has ${JSON.stringify(wrong)}, which is not the id of a request`;
    },
    apply: (batch) => Promise.all(batch.map((one) => cancelAll(one, journal))),
  };
}

async function cancelAll({ message }: Incoming, journal: CancelDeps['journal']): Promise<Outcome> {
  for (const id of message.methodArgs ?? []) await journal.cancel(id.toLowerCase());
  return { ok: true };
}
