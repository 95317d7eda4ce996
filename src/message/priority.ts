/** What is sent before what, where the way to a node or to the broker is full; the most urgent first. */
export const PRIORITIES = ['urgent', 'normal', 'bulk'] as const;

export type Priority = (typeof PRIORITIES)[number];

/** The word for a node that sends the reply to a request in the class of the request. */
export const PRIORITY_WORD = 'priority';

/** Above this size a message is urgent only where its sender says so, bytes. */
export const MOST_URGENT_BYTES = 16 * 1024;
/** Above this size it is bulk, likewise. */
const MOST_NORMAL_BYTES = 64 * 1024;
/** Methods by which nodes tell and stop things, and by which people look at nodes. */
const URGENT = /^REQ(Cancel|Report|Ping|Pong|Op[A-Z])/;

/** The class of a message whose sender named none. */
export function usualPriority({ method, bytes }: { method: string; bytes: number }): Priority {
  if (bytes > MOST_NORMAL_BYTES) return 'bulk';
  return bytes <= MOST_URGENT_BYTES && URGENT.test(method) ? 'urgent' : 'normal';
}

/** A priority in a header or a database; what is absent or not known is none. */
export function priorityOf(text: string | null | undefined): Priority | undefined {
  return PRIORITIES.includes(text as Priority) ? (text as Priority) : undefined;
}
