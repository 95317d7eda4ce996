import type { Socket } from 'node:net';
import type { BrokerLimits } from './broker-options.ts';
import type { Flusher, Output } from './output.ts';
import type { Router } from './router.ts';
import type { SignIn } from './sign-in.ts';
import type { ClientSubscription } from './subscriptions.ts';

/** A connection of a client, with TLS or without. */
export type ClientSocket = Socket;

/** What logging a broker needs. */
export type BrokerLogger = Record<
  'debug' | 'info' | 'warn' | 'error',
  (fields: object, text: string) => void
>;

/** What all connections of a broker share. */
export interface Hub {
  readonly limits: BrokerLimits;
  readonly router: Router<ClientSubscription>;
  readonly flusher: Flusher;
  readonly signIn: SignIn;
  readonly logger: BrokerLogger;
  now(): number;
  /** A client has signed in. */
  welcomed(connection: { readonly id: number }): void;
  /** Ends a connection once what waits for its client is written, or the client has not read it in time. */
  endWhenWritten(connection: { readonly output: Output; readonly socket: ClientSocket }): void;
  /** Cuts off the client for which most waits, where too much waits for all of them. */
  relieve(): void;
}
