import { setImmediate } from 'node:timers/promises';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { pause } from '../lib/pause.ts';
import { type ConnectFault, connectFault, faultSettings } from './connect-fault.ts';
import { type BusOptions, connectOptions } from './connect-options.ts';
import { isEncrypted } from './library-internals.ts';

/** How long the broker may take to say that nobody listens, ms. */
const PATIENCE_MS = 500;

/** A connection that asks a broker what it allows, and leaves nothing behind. */
export class BrokerProbe implements AsyncDisposable {
  readonly server: string;
  readonly version: string;
  readonly maxPayload: number;
  /** Whether messages may have headers, without which nothing can be told apart from the reference. */
  readonly hasHeaders: boolean;
  readonly isEncrypted: boolean;
  /** Whether it asks who connects. */
  readonly wantsSignIn: boolean;
  readonly roundTripMs: number;
  readonly #connection: NatsConnection;
  /** What was refused so far, as `publish subject` or `subscription subject`. */
  readonly #refused = new Set<string>();

  constructor(connection: NatsConnection, roundTripMs: number) {
    this.#connection = connection;
    const { info } = connection;
    this.server = connection.getServer();
    this.version = info?.version ?? '';
    this.maxPayload = info?.max_payload ?? 0;
    this.hasHeaders = info?.headers === true;
    this.wantsSignIn = info?.auth_required === true;
    this.isEncrypted = info?.tls_required === true || isEncrypted(connection);
    this.roundTripMs = roundTripMs;
    void this.#listen();
  }

  /** Whether messages may be published on a subject: tried with an empty one, which must mean nothing there. */
  async canPublish(subject: string): Promise<boolean> {
    this.#connection.publish(subject);
    await this.#settle();
    return !this.#refused.has(`publish ${subject}`);
  }

  /** Whether a subject may be subscribed to: done for a moment. */
  async canSubscribe(subject: string): Promise<boolean> {
    const subscription = this.#connection.subscribe(subject, { callback: () => {} });
    await this.#settle();
    subscription.unsubscribe();
    return !this.#refused.has(`subscription ${subject}`);
  }

  /** Whether anybody listens on a subject, to whom an empty message means nothing; undefined where nobody can tell. */
  async hasListener(subject: string, replySubject: string): Promise<boolean | undefined> {
    const nobody = new AbortController();
    const subscription = this.#connection.subscribe(replySubject, {
      callback: (error, message) => {
        if (!error && message.headers?.code === 503) nobody.abort();
      },
    });
    try {
      this.#connection.publish(subject, undefined, { reply: replySubject });
      await this.#settle();
      const isRefused =
        this.#refused.has(`publish ${subject}`) || this.#refused.has(`subscription ${replySubject}`);
      if (isRefused) return undefined;
      // The broker's word comes before its answer to the next thing that it is asked, or shortly after.
      await pause(PATIENCE_MS, nobody.signal);
      return !nobody.signal.aborted;
    } finally {
      subscription.unsubscribe();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close().catch(() => {});
  }

  async #listen(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      this.#refused.add(`${status.error.operation} ${status.error.subject}`);
    }
  }

  /** Waits until the broker has dealt with all that it was sent, and its word has been heard. */
  async #settle(): Promise<void> {
    await this.#connection.flush();
    await setImmediate();
  }
}

/** Connects once, as a node with these options would; or says why that fails. */
export async function probeBroker(options: BusOptions): Promise<BrokerProbe | { fault: ConnectFault }> {
  try {
    const connection = await connect(connectOptions(options));
    const before = performance.now();
    await connection.flush();
    return new BrokerProbe(connection, performance.now() - before);
  } catch (error) {
    return { fault: connectFault(error, faultSettings(options)) };
  }
}
