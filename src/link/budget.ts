import { ENVELOPE_BYTES } from './way-out.ts';

/** Where less of a budget is left, nothing more goes: a message that is cut smaller costs more than it brings; bytes. */
export const LEAST_BYTES = 1024 + ENVELOPE_BYTES;

/** What limits how much goes over the link. */
export interface Budget {
  /** How much of a class may go now, bytes with those of headers; 0 where it has to wait. */
  room(urgency: number): number;
  /** How long a class has to wait, ms; 0 where it need not. */
  heldMs(urgency: number): number;
  /** There is another connection. */
  connected(): void;
  /** Messages were handed over; bytes with those of headers. */
  sent(bytes: number): void;
}
