import type { QueuedMessage, QueueFilter } from '../../message/queue-filter.ts';
import { required } from '../method.ts';

/** What the queue methods need of the node's undelivered messages. */
export interface NodeQueue {
  find(filter: QueueFilter, limit: number): readonly Omit<QueuedMessage, 'key'>[];
  /** Ends them as cancelled; resolves with how many that were. */
  cancel(filter: QueueFilter, reason: string): Promise<number>;
}

/** The argument that says which messages are meant. */
export const CONDITIONS = required(
  'methodArgs[0...]',
  'conditions',
  'id=, node=, method= or olderThan=<seconds>; all that are given must hold',
  'node=ship1',
);

const FORM = 'methodArgs are conditions of the form id=..., node=..., method=... or olderThan=<seconds>';

/** Reads conditions such as `node=ship1`; a sentence where they make no sense. */
export function readQueueFilter(methodArgs: readonly string[] | null): QueueFilter | string {
  const filter: { -readonly [key in keyof QueueFilter]: QueueFilter[key] } = {};
  for (const arg of methodArgs ?? []) {
    const at = arg.indexOf('=');
    const name = arg.slice(0, Math.max(0, at));
    const value = arg.slice(at + 1);
    if (value === '') return `${FORM}, not ${JSON.stringify(arg)}`;
    if (name === 'id' || name === 'node' || name === 'method') filter[name] = value;
    else if (name === 'olderThan' && Number(value) >= 0) filter.olderThanMs = Number(value) * 1000;
    else return `${FORM}, not ${JSON.stringify(arg)}`;
  }
  return filter;
}
