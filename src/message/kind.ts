/** What a subject ends in: whether the message is a command or an event, and whether it is answered. */
export const KINDS = ['CommandACK', 'CommandNACK', 'EventACK', 'EventNACK'] as const;

export type Kind = (typeof KINDS)[number];

/** Whether the sender of a message of this kind waits for an answer. */
export function isAnswered(kind: Kind): boolean {
  return !kind.endsWith('NACK');
}
