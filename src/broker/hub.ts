import type { Socket } from 'node:net';
import type { LineLogger } from '../observe/limited-logger.ts';
import type { BrokerLimits } from './broker-options.ts';
import type { Flusher, Output } from './output.ts';
import type { Router } from './router.ts';
import type { SignedIn, SignIn } from './sign-in.ts';
import type { ClientSubscription } from './subscriptions.ts';

/** A connection of a client, with TLS or without. */
export type ClientSocket = Socket;

/** What logging a broker needs. */
export type BrokerLogger = LineLogger;

/** A connection as far as it is ended. */
export interface Ending {
  readonly id: number;
  /** Ends it, with an error that the client still gets. */
  end(error: string): void;
}

/** What all connections of a broker share. */
export interface Hub {
  readonly limits: BrokerLimits;
  readonly router: Router<ClientSubscription>;
  readonly flusher: Flusher;
  readonly signIn: SignIn;
  readonly logger: BrokerLogger;
  now(): number;
  /** A client has signed in. */
  welcomed(connection: Ending, user: SignedIn): void;
  /** Ends a connection once what waits for its client is written, or the client has not read it in time. */
  endWhenWritten(connection: { readonly output: Output; readonly socket: ClientSocket }): void;
  /** Cuts off the client for which most waits, where too much waits for all of them. */
  relieve(): void;
}
