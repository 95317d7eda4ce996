import type { NatsConnection } from '@nats-io/transport-node';
import { socketOf } from './library-internals.ts';

/** What went over the connections to the broker since the process started. */
export interface Went {
  readonly inBytes: number;
  readonly outBytes: number;
  /** Messages that came, without the broker's word that nobody listens. */
  readonly inMessages: number;
}

/** Counts what goes over the connections to the broker: bytes of NATS since the start, without those of TLS and TCP. */
export class Traffic implements Went {
  inBytes = 0;
  outBytes = 0;
  inMessages = 0;
  #connection: NatsConnection | undefined;
  /** Kept, as a connection that is closed has none any more: it still knows what it carried. */
  #socket: ReturnType<typeof socketOf>;
  /** What is counted of this connection. */
  #seenIn = 0;
  #seenOut = 0;

  /** Counts what went since the last look; of a connection that is new, all. */
  look(connection = this.#connection): this {
    this.#count();
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#socket = connection && socketOf(connection);
      this.#seenIn = this.#seenOut = 0;
      this.#count();
    }
    return this;
  }

  #count(): void {
    if (!this.#connection) return;
    const { inBytes, outBytes } = this.#connection.stats();
    // What waits in a socket that is closed is counted no more.
    const seenIn = Math.max(this.#seenIn, this.#socket?.bytesRead ?? inBytes);
    const seenOut = Math.max(this.#seenOut, this.#socket?.bytesWritten ?? outBytes);
    this.inBytes += seenIn - this.#seenIn;
    this.outBytes += seenOut - this.#seenOut;
    [this.#seenIn, this.#seenOut] = [seenIn, seenOut];
  }
}
