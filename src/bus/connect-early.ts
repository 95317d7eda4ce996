import {
  connect,
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  ProtocolHandler,
  type ServerInfo,
} from '@nats-io/transport-node';
import { discardTransport, isEncrypted, whenDialled } from './library-internals.ts';

/** Connects to a broker, and sooner to one that let this node in before. */
export class Dialler {
  /** What the last broker did; undefined where it did not let this node in: nothing is taken for granted the next time. */
  #last: { readonly greeting: ServerInfo | undefined } | undefined;

  /** Rejects as the library's `connect` does, also after `begin`, which is called where that may be before the broker lets the node in. */
  async dial(
    options: NodeConnectionOptions,
    begin: (connection: NatsConnection) => void,
  ): Promise<NatsConnection> {
    const last = this.#last;
    this.#last = undefined;
    const connection = last ? await connectEarly(options, last.greeting, begin) : await connect(options);
    this.#last = { greeting: knownGreeting(connection, options) };
    return connection;
  }
}

/**
 * Connects like the library's `connect`, which must have been called before, and calls `begin` before the broker has let it in: what
 * that subscribes to and publishes goes right behind the sign-in, and is read in that order, where the library waits for a
 * round trip first. It does so as soon as the broker has greeted; where it is known how it does (`greeting`), without waiting for that. A broker that knows no headers is not begun with.
 */
async function connectEarly(
  options: NodeConnectionOptions,
  greeting: ServerInfo | undefined,
  begin: (connection: NatsConnection) => void,
): Promise<NatsConnection> {
  const Connection = NatsConnectionImpl as unknown as new (
    options: NodeConnectionOptions,
  ) => NatsConnectionImpl;
  const connection = new Connection(options);
  const protocol = new EarlyProtocol(connection, greeting, begin);
  connection.protocol = protocol;
  try {
    await protocol.dialLoop();
    return connection;
  } catch (error) {
    // It may have signed in with a broker that greets later: that would keep sending to it.
    discardTransport(connection);
    throw error;
  }
}

/**
 * How the broker greets, where the next sign-in may go without that: with one that encrypts, or where a signature of what it
 * greets with is asked for, it may not.
 */
function knownGreeting(
  connection: NatsConnection,
  { authenticator, tls }: NodeConnectionOptions,
): ServerInfo | undefined {
  const needsGreeting = isEncrypted(connection) || tls !== undefined || authenticator !== undefined;
  return needsGreeting ? undefined : connection.info;
}

class EarlyProtocol extends ProtocolHandler {
  readonly #connection: NatsConnectionImpl;
  readonly #begin: (connection: NatsConnection) => void;
  #hasBegun = false;
  #fault: unknown;

  constructor(
    connection: NatsConnectionImpl,
    greeting: ServerInfo | undefined,
    begin: (connection: NatsConnection) => void,
  ) {
    super(connection.options, connection);
    this.#connection = connection;
    this.#begin = begin;
    if (!greeting) return;
    const text = Buffer.from(JSON.stringify(greeting));
    whenDialled(this, () => this.#hasBegun || this.processInfo(text));
  }

  /** What was said to one broker another one has not heard: it is none of this attempt. */
  override async dial(server: Parameters<ProtocolHandler['dial']>[0]): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      await super.dial(server);
    } catch (error) {
      if (this.#hasBegun) this.#fault = error ?? new Error('the broker ended the connection');
      throw error;
    }
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
