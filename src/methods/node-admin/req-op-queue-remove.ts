import type { RunMethod } from '../method.ts';
import { CONDITIONS, type NodeQueue, readQueueFilter } from './node-queue.ts';
import { opDone, opFailed } from './op-result.ts';

/**
 * REQOpQueueRemove (EventACK): ends what a node has still to deliver, as `cancelled`.
 *
 * Arguments, at least one: `id=...`, `node=...`, `method=...`, `olderThan=<seconds>`; all that are given must
 * hold. What is on its way at that moment may still arrive; its report then corrects the state. Reply, and a
 * notice to errorCentral: `info: OpQueueRemove: removed <n> messages: <conditions>: node: <node>`.
 */
export function createReqOpQueueRemove(deps: { queue: NodeQueue; nodeName: string }): RunMethod {
  return {
    name: 'REQOpQueueRemove',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Ends what a node has still to deliver.',
    args: [CONDITIONS],
    run: async ({ message }) => {
      const filter = readQueueFilter(message.methodArgs);
      if (typeof filter === 'string') return opFailed('OpQueueRemove', filter);
      if (Object.keys(filter).length === 0) {
        return opFailed('OpQueueRemove', 'methodArgs name no condition; to remove all, give olderThan=0');
      }
      const count = await deps.queue.cancel(filter, `removed from the queue by ${message.fromNode}`);
      return opDone(
        `OpQueueRemove: removed ${count} messages: ${message.methodArgs?.join(' ')}: node: ${deps.nodeName}`,
      );
    },
  };
}
