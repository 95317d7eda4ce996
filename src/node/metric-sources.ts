import type { Outbox } from '../outbox/outbox.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** What the metrics read each time that they are asked for. */
export function metricSources(outbox: Outbox, supervisor: Supervisor) {
  return {
    outboxByState: () => outbox.depth,
    messagesInMemory: () => outbox.inMemory,
    messagesInStore: () => outbox.length,
    runningProcesses: () => supervisor.list().map(({ kind, name }) => `${name}_${kind}`),
  };
}
