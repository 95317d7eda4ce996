import { goDate } from '../../lib/go-date.ts';
import type { RunMethod } from '../method.ts';
import { CONDITIONS, type NodeQueue, readQueueFilter } from './node-queue.ts';
import { opFailed, opListed } from './op-result.ts';

const MAX_LINES = 10_000;

export interface OpQueueListDeps {
  readonly queue: NodeQueue;
  readonly now: () => Date;
}

/**
 * REQOpQueueList (EventACK): lists what a node has still to deliver.
 *
 * Arguments, all optional: `id=...`, `node=...` (where to), `method=...`, `olderThan=<seconds>`; all that are
 * given must hold. Reply: a line for each message, `<date>, id: <id>, toNode: <node>, method: <method>, state:
 * queued|sent, queued: <date>`, at most 10,000 of them; nothing where nothing waits.
 */
export function createReqOpQueueList({ queue, now }: OpQueueListDeps): RunMethod {
  return {
    name: 'REQOpQueueList',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Lists what a node has still to deliver.',
    args: [{ ...CONDITIONS, isRequired: false }],
    run: async ({ message }) => {
      const filter = readQueueFilter(message.methodArgs);
      if (typeof filter === 'string') return opFailed('OpQueueList', filter);
      const date = goDate(now());
      const lines = queue.find(filter, MAX_LINES).map(({ id, toNode, method, isOnItsWay, queuedAt }) => {
        const state = isOnItsWay ? 'sent' : 'queued';
        return `${date}, id: ${id}, toNode: ${toNode}, method: ${method}, state: ${state}, queued: ${goDate(new Date(queuedAt))}\n`;
      });
      return opListed(lines);
    },
  };
}
