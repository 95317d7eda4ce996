import type { WireMessage } from '../message/wire-message.ts';

/** Hears how the link to the broker fares; each listener takes the news that it needs. */
export interface LinkListener {
  /** After each connect and reconnect. */
  connected?(): void;
  disconnected?(): void;
  /** A message came, or an answer. */
  came?(message: WireMessage): void;
  /** How much longer than usual the broker may be silent now, ms, as its answers wait behind what is on its way there. */
  patienceMs?(): number;
  /** This node ends the connection; what is published now still goes. */
  closing?(): void;
  /** The broker forbade to publish or to subscribe. */
  refused?(operation: 'publish' | 'subscription', subject: string): void;
  /** A fault of the link, already in the log, that errorCentral should know of; a lasting one comes once. */
  linkFailed?(text: string): void;
}
