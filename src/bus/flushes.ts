import type { NatsConnection } from '@nats-io/transport-node';

/** Asks a broker whether it has read what was published. */
export class Flushes {
  readonly #connection: () => NatsConnection | undefined;
  /** Ends what waits: the library leaves it waiting when the connection is gone. */
  readonly #waiting = new Set<() => void>();
  #next: Promise<void> | undefined;

  constructor(connection: () => NatsConnection | undefined) {
    this.#connection = connection;
  }

  /** Resolves when all that was published has reached the broker, or the connection is gone. */
  flush(): Promise<void> {
    // Those who ask in the same moment ask with one ping.
    this.#next ??= Promise.resolve().then(() => {
      this.#next = undefined;
      return this.#ping();
    });
    return this.#next;
  }

  /** The connection is gone. */
  end(): void {
    for (const end of this.#waiting) end();
  }

  async #ping(): Promise<void> {
    const connection = this.#connection();
    if (!connection) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    connection.flush().then(resolve, () => resolve());
    await promise;
    this.#waiting.delete(resolve);
  }
}
