import { connect, type NatsConnection } from '@nats-io/transport-node';
import { waitFor } from './wait-for.ts';

/** Two ordinary clients of which one asks the other all the time, to see whether anything disturbs them. */
export class WellBehavedPair implements AsyncDisposable {
  /** Questions that were answered rightly. */
  answers = 0;
  /** The first thing that went wrong. */
  fault: Error | undefined;
  readonly #asker: NatsConnection;
  readonly #answerer: NatsConnection;
  readonly #asking: Promise<void>;
  #isStopping = false;

  private constructor(asker: NatsConnection, answerer: NatsConnection) {
    this.#asker = asker;
    this.#answerer = answerer;
    answerer.subscribe('pair.ask', { callback: (_error, msg) => void msg.respond(msg.data) });
    this.#asking = this.#ask().catch((error: Error) => {
      this.fault ??= error;
    });
    for (const connection of [asker, answerer]) {
      void connection.closed().then((error) => {
        if (!this.#isStopping) this.fault ??= error ?? new Error('a connection of the pair was ended');
      });
    }
  }

  /** Connects both; `options` are those of the client library, such as `user` and `tls`. */
  static async start(url: string, options: object = {}): Promise<WellBehavedPair> {
    const open = () => connect({ servers: url, reconnect: false, ...options });
    return new WellBehavedPair(await open(), await open());
  }

  /** Waits until `count` more questions were answered; fails with what went wrong instead. */
  async goesOn(more = 20): Promise<void> {
    const wanted = this.answers + more;
    await waitFor(`${more} more answers`, () => {
      if (this.fault !== undefined) throw this.fault;
      return this.answers >= wanted;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.#asking;
    await Promise.all([this.#asker.close(), this.#answerer.close()]);
  }

  async #ask(): Promise<void> {
    await this.#answerer.flush();
    for (let count = 0; !this.#isStopping; count += 1) {
      const answer = await this.#asker.request('pair.ask', `question ${count}`, { timeout: 10_000 });
      if (answer.string() !== `question ${count}`) throw new Error(`the answer is ${answer.string()}`);
      this.answers += 1;
    }
  }
}
