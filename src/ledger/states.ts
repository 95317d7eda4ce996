/** What may be known of a message that this node sent. */
export const STATES = [
  'queued',
  'sent',
  'accepted',
  'running',
  'succeeded',
  'failed',
  'timed-out',
  'interrupted',
  'rejected',
  'expired',
  'undelivered',
  'cancelled',
] as const;

export type State = (typeof STATES)[number];

const OPEN: ReadonlySet<string> = new Set(['queued', 'sent', 'accepted', 'running']);

/** Whether nothing more is expected to happen to a message in this state. */
export function isFinal(state: State): boolean {
  return !OPEN.has(state);
}
