import {
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  ProtocolHandler,
} from '@nats-io/transport-node';

/**
 * Connects like the library's `connect`, which must have been called before, and calls `begin` as soon as the broker has greeted:
 * what that subscribes to and publishes goes right behind the sign-in, and is read in that order, where the library waits for a
 * round trip first. Rejects as `connect` does, also after `begin`. A broker that knows no headers is not begun with.
 */
export async function connectEarly(
  options: NodeConnectionOptions,
  begin: (connection: NatsConnection) => void,
): Promise<NatsConnection> {
  const Connection = NatsConnectionImpl as unknown as new (
    options: NodeConnectionOptions,
  ) => NatsConnectionImpl;
  const connection = new Connection(options);
  const protocol = new EarlyProtocol(connection, begin);
  connection.protocol = protocol;
  await protocol.dialLoop();
  return connection;
}

class EarlyProtocol extends ProtocolHandler {
  readonly #connection: NatsConnectionImpl;
  readonly #begin: (connection: NatsConnection) => void;
  #hasBegun = false;

  constructor(connection: NatsConnectionImpl, begin: (connection: NatsConnection) => void) {
    super(connection.options, connection);
    this.#connection = connection;
    this.#begin = begin;
  }

  /** With the first one the library signs in. */
  override processInfo(info: Uint8Array): void {
    super.processInfo(info);
    if (this.#hasBegun || this.info?.headers !== true || this.isClosed()) return;
    this.#hasBegun = true;
    this.connected = true;
    this.#begin(this.#connection);
  }

  /** Those that were made meanwhile went when they were made. */
  override sendSubscriptions(): void {
    if (!this.#hasBegun) super.sendSubscriptions();
  }
}
