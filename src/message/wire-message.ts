/** A message as it came from the broker. */
export interface WireMessage {
  readonly subject: string;
  /** The node that the broker says it is from, where it came on a subject that proves that. */
  readonly sender?: string | undefined;
  /** Where the sender waits for an answer, or empty. */
  readonly reply: string;
  readonly payload: Uint8Array;
  /** The broker's word that nobody listens on the subject that was published to. */
  readonly noResponders: boolean;
  header(name: string): string | undefined;
}
