import { type NatsConnection, PermissionViolationError, type Status } from '@nats-io/transport-node';
import { lookForGarbage } from '../lib/collect-garbage.ts';
import { pause } from '../lib/pause.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { closeBounded } from './close-bounded.ts';
import { Dialler } from './connect-early.ts';
import { connectFault, faultSettings, noHeaders, payloadFault, permissionFault } from './connect-fault.ts';
import { type BusOptions, connectOptions } from './connect-options.ts';
import { FaultLog, refusalLoudness, silentText } from './fault-log.ts';
import { Flushes } from './flushes.ts';
import { unreadBytes } from './library-internals.ts';
import { Line } from './line.ts';
import type { LinkListener } from './link-listener.ts';
import { type Headers, RecentAnswers } from './recent-answers.ts';
import { RetryPause } from './retry-pause.ts';
import { watchSilence } from './silence-watch.ts';
import { type BusSubscription, Subscriptions } from './subscriptions.ts';
import { publishOptions } from './to-wire-message.ts';
import { Traffic } from './traffic.ts';
import { whenAborted } from './when-aborted.ts';

export interface BusDeps {
  readonly logger: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

/** How long a broker may hold up the end of a call, ms: a thin link takes its time for the goodbye. */
const HANG_UP_PATIENCE_MS = 15_000;
/** After how many messages it is looked whether garbage is to be collected: one turn of the event loop may bring thousands. */
const LOOK_EVERY = 256;
/** How often what the broker does not allow any more is asked for anew. */
const ASK_AGAIN_MS = 30_000;
/** When a connection has held for so long, and nothing came for a while, it is looked what the broker denies in silence; later where that is further away than so much. All ms. */
const [SOUND_MS, QUIET_MS, FAR_SOUND_MS, NEAR_MS] = [20_000, 5000, 3_600_000, 20];

/** The node's connection to its broker: made again for ever until it is disposed of. */
export class Bus implements AsyncDisposable {
  /** What went over its connections. */
  readonly traffic = new Traffic();
  /** Whether it is to be connected: opened again, it is after `hangUp`. */
  readonly line = new Line();
  readonly #options: BusOptions;
  readonly #deps: BusDeps;
  readonly #subscriptions: Subscriptions;
  readonly #stop = new AbortController();
  readonly #firstAttempt = Promise.withResolvers<void>();
  readonly #flushes = new Flushes(() => this.#connection);
  readonly #answers = new RecentAnswers(() => performance.now());
  readonly #dialler = new Dialler();
  readonly #faults: FaultLog;
  readonly #retry: RetryPause;
  #listeners: readonly LinkListener[] = [];
  #loop: Promise<void> | undefined;
  /** Further brokers of the cluster, as the last one named them. */
  #learnt: readonly string[] = [];
  #failures = 0;
  #connection: NatsConnection | undefined;
  #isConnected = false;
  /** Whether the broker denies nothing in silence; undefined until that was looked for. */
  #isSound: boolean | undefined;
  #maxPayload = 1024 * 1024;

  /** Throws BusError 'bad-option' for files that cannot be used. */
  constructor(options: BusOptions, deps: BusDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#retry = new RetryPause(options);
    this.#faults = new FaultLog({
      logger: deps.logger,
      onFault: (text) => {
        for (const listener of this.#listeners) listener.linkFailed?.(text);
      },
      now: () => performance.now(),
    });
    this.#subscriptions = new Subscriptions({
      bus: this,
      take: this.#take,
      dropped: (text) => this.#faults.tell(text, 'log'),
    });
    connectOptions(options);
  }

  /** Connects, and again after each loss of the connection; `listeners` hear how the link fares. */
  start(listeners: readonly LinkListener[]): void {
    this.#listeners = listeners;
    this.#loop ??= this.#keepConnected();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The largest message that the broker takes, bytes of headers and payload together. */
  get maxPayload(): number {
    return this.#maxPayload;
  }

  /** Hands a message to the broker; false where there is no connection, and then nothing was sent. Where the connection ends while it may be on its way, it goes once more with the headers `again`, and empty. */
  publish(
    subject: string,
    payload: Uint8Array | string,
    more: { reply?: string; headers?: Headers; again?: Headers | undefined } = {},
  ): boolean {
    if (!this.#connection || !this.#isConnected) return false;
    try {
      this.#connection.publish(subject, payload, publishOptions(more));
      if (more.again) this.#answers.given(subject, more.again);
      return true;
    } catch (error) {
      this.#deps.logger.warn({ err: error, subject }, 'could not hand a message to the broker');
      return false;
    }
  }

  /** Listens on a subject (wildcards allowed) from now on, whenever there is a connection. */
  subscribe(subject: string, handler: (message: WireMessage) => void): BusSubscription {
    return this.#subscriptions.add(subject, handler);
  }

  /** Resolves when the first attempt to connect has ended, either way, or after `maxMs`. */
  async firstAttempt(maxMs: number): Promise<void> {
    const patience = new AbortController();
    await Promise.race([this.#firstAttempt.promise, pause(maxMs, patience.signal)]);
    patience.abort();
  }

  /** Resolves when all that was published has reached the broker, or the connection is gone. */
  flush(): Promise<void> {
    return this.#flushes.flush();
  }

  /** Ends the connection, after a goodbye, and makes none until the line is opened; in words, what is waited for until then. */
  hangUp(waitsFor?: string): void {
    for (const listener of this.#listeners) listener.closing?.();
    this.line.hangUp(waitsFor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.hangUp();
    await this.#loop;
  }

  async #keepConnected(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.line.over.aborted) this.#firstAttempt.resolve();
      await this.line.opened(this.#stop.signal);
      const { over } = this.line;
      if (over.aborted) continue;
      const startedAt = performance.now();
      const connection = await this.#connectOnce(over);
      this.#firstAttempt.resolve();
      if (connection) await this.#untilClosed(connection, over);
      else this.#closed();
      const heldMs = performance.now() - startedAt;
      await pause(connection ? this.#retry.afterLoss(heldMs) : this.#retry.next(), over);
    }
  }

  async #connectOnce(over: AbortSignal): Promise<NatsConnection | undefined> {
    using stopped = whenAborted(over);
    const startedAt = performance.now();
    try {
      const attempt = this.#dialler.dial(connectOptions(this.#options, this.#learnt), this.#connected);
      const connection = await Promise.race([attempt, stopped.promise]);
      if (!connection) void attempt.then((late) => late.close()).catch(() => {});
      if (connection?.info?.headers === false) {
        await connection.close();
        throw noHeaders();
      }
      if (connection && connection !== this.#connection) this.#connected(connection);
      if (connection) this.#greeted(connection);
      return connection;
    } catch (error) {
      this.#retry.failed(error, performance.now() - startedAt);
      this.#tellFailure(error);
      return undefined;
    }
  }

  #cut(connection: NatsConnection): void {
    this.#faults.tell(silentText(this.#options), 'log');
    connection.reconnect().catch(() => {});
  }

  #tellFailure(error: unknown): void {
    const { kind, text } = connectFault(error, faultSettings(this.#options));
    this.#failures++;
    // A broker that is away for a moment, as when it is started anew, is no reason for a report.
    const isReported = kind !== 'unreachable' || this.#failures > 1;
    const again = `${text}; trying again every ${this.#options.retryIntervalMs / 1000} s`;
    this.#faults.tell(again, isReported ? 'report' : 'log');
  }

  async #untilClosed(connection: NatsConnection, over: AbortSignal): Promise<void> {
    using stopped = whenAborted(over);
    using _ = watchSilence(this.#options.silenceMs, {
      bytesIn: () => this.traffic.look(connection).inBytes - unreadBytes(connection),
      bus: this,
      cut: () => this.#cut(connection),
      extraMs: () => Math.max(0, ...this.#listeners.map((listener) => listener.patienceMs?.() ?? 0)),
    });
    const patience = new AbortController();
    void this.#sound(patience.signal);
    const asking = setInterval(() => this.#subscriptions.askAgain(), ASK_AGAIN_MS);
    await Promise.race([connection.closed(), stopped.promise]);
    patience.abort();
    clearInterval(asking);
    this.#learnt = connection.info?.connect_urls ?? this.#learnt;
    this.#disconnected();
    await closeBounded(connection, this.#stop.signal.aborted ? undefined : HANG_UP_PATIENCE_MS);
    this.#closed();
  }

  #closed(): void {
    this.#disconnected();
    this.#connection = undefined;
    this.#flushes.end();
    this.#subscriptions.connected(undefined);
  }

  /** Looks for what the broker denies in silence: once, and again at each connection as long as there is something. */
  async #sound(signal: AbortSignal): Promise<void> {
    if (this.#isSound) return;
    if (this.#isSound === undefined) {
      await pause(SOUND_MS, signal);
      const askedAt = performance.now();
      await this.flush();
      if (performance.now() - askedAt > NEAR_MS) await pause(FAR_SOUND_MS, signal);
    }
    // What comes meanwhile comes twice.
    for (let before = -1; before !== this.traffic.inMessages && !signal.aborted; ) {
      before = this.traffic.inMessages;
      await pause(QUIET_MS, signal);
    }
    const isDenied = !signal.aborted && (await this.#subscriptions.sound());
    // A connection that ended meanwhile has not told.
    if (!signal.aborted) this.#isSound = !isDenied;
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#onStatus(connection, status);
  }

  #onStatus(connection: NatsConnection, status: Status): void {
    if (connection !== this.#connection) return;
    if (status.type === 'disconnect') this.#disconnected();
    else if (status.type === 'error') {
      if (status.error instanceof PermissionViolationError) {
        const { operation, subject } = status.error;
        for (const listener of this.#listeners) listener.refused?.(operation, subject);
        this.#faults.tell(permissionFault(operation, subject), refusalLoudness(operation, subject));
      } else {
        this.#faults.tell(`the broker reports: ${status.error.message}`, 'log');
      }
    }
  }

  readonly #connected = (connection: NatsConnection): void => {
    this.#connection = connection;
    void this.#watch(connection);
    this.#maxPayload = connection.info?.max_payload ?? this.#maxPayload;
    this.#failures = 0;
    this.#faults.nextPhase();
    this.#subscriptions.connected(connection);
    this.#isConnected = true;
    this.#deps.logger.info({ server: connection.getServer() }, 'connected to the broker');
    for (const { subject, headers } of this.#answers.take()) this.publish(subject, '', { headers });
    for (const listener of this.#listeners) listener.connected?.();
  };

  /** What it says now counts: the node may have begun with what an earlier one said. */
  #greeted(connection: NatsConnection): void {
    this.#maxPayload = connection.info?.max_payload ?? this.#maxPayload;
    const fault = payloadFault(this.#maxPayload);
    if (fault !== undefined) this.#faults.tell(fault, 'report');
  }

  #disconnected(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#answers.lost();
    this.#faults.nextPhase();
    if (!this.line.over.aborted)
      this.#deps.logger.warn({}, 'the connection to the broker is gone; reconnecting');
    for (const listener of this.#listeners) listener.disconnected?.();
  }

  /** What throws must not end the loop that reads from the broker: the message is not taken, and its sender tries again. */
  readonly #take = (message: WireMessage, handler: (message: WireMessage) => void): void => {
    if (!message.noResponders) this.traffic.inMessages++;
    for (const listener of this.#listeners) listener.came?.(message);
    if (this.traffic.inMessages % LOOK_EVERY === 0) lookForGarbage();
    try {
      handler(message);
    } catch (error) {
      this.#deps.logger.warn({ err: error, subject: message.subject }, 'a message could not be taken');
      this.#faults.tell(`messages could not be taken: ${(error as Error).message}`, 'report');
    }
  };
}
