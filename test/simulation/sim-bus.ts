import { BusError } from '../../src/bus/bus-error.ts';
import { Line } from '../../src/bus/line.ts';
import type { LinkListener } from '../../src/bus/link-listener.ts';
import type { BusSubscription } from '../../src/bus/subscriptions.ts';
import { Traffic } from '../../src/bus/traffic.ts';
import { dayOf } from '../../src/lib/time-words.ts';
import type { WireMessage } from '../../src/message/wire-message.ts';
import type { Life } from './machine.ts';
import { Connection, type Frame, type Link, type SimBroker, sizeOf } from './sim-broker.ts';

interface Wanted {
  readonly subject: string;
  readonly handler: (message: WireMessage) => void;
  id: number | undefined;
  refused: BusError | undefined;
}

const RETRY_MS = 2000;
/** How long a node takes a silent broker for one that is there, ms. */
const SILENCE_MS = 20_000;

/** What a node has of the simulated broker: the same as of a real one. */
export class SimBus {
  readonly traffic = new Traffic();
  readonly line = new Line();
  readonly #life: Life;
  readonly #broker: SimBroker;
  readonly #link: Link;
  #listeners: readonly LinkListener[] = [];
  readonly #wanted = new Set<Wanted>();
  readonly #flushes = new Set<() => void>();
  #connection: Connection | undefined;
  #isClosed = false;
  readonly #over = new AbortController();

  constructor(life: Life, at: { readonly broker: SimBroker; readonly link: Link }) {
    this.#life = life;
    this.#broker = at.broker;
    this.#link = at.link;
  }

  /** Begins to connect. */
  start(listeners: readonly LinkListener[]): void {
    this.#listeners = listeners;
    this.#life.later(1, () => this.#connect());
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  get maxPayload(): number {
    return this.#broker.maxPayload;
  }

  publish(
    subject: string,
    payload: Uint8Array | string,
    more: { reply?: string; headers?: Record<string, string> } = {},
  ): boolean {
    const connection = this.#connection;
    if (!connection) return false;
    const bytes = Buffer.from(payload);
    if (bytes.length > this.maxPayload)
      throw new Error(`${bytes.length} bytes are more than the broker takes`);
    const frame: Frame = { subject, reply: more.reply ?? '', payload: bytes, headers: { ...more.headers } };
    this.traffic.outBytes += this.#count(frame, 'out');
    connection.toBroker(() => {
      if (!this.#broker.allows(this.#link, 'publish', subject))
        return connection.toNode(() =>
          this.#life.later(0, () => this.#tell((listener) => listener.refused?.('publish', subject))),
        );
      this.#broker.publish(connection, frame);
    });
    return true;
  }

  subscribe(subject: string, handler: (message: WireMessage) => void): BusSubscription {
    const wanted: Wanted = { subject, handler, id: undefined, refused: undefined };
    this.#wanted.add(wanted);
    if (this.#connection) this.#apply(wanted, this.#connection);
    return {
      ready: async () => {
        await this.flush();
        if (wanted.refused) throw wanted.refused;
      },
      [Symbol.dispose]: () => {
        this.#wanted.delete(wanted);
        const connection = this.#connection;
        connection?.toBroker(() => wanted.id !== undefined && connection.interests.delete(wanted.id));
      },
    };
  }

  async flush(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.add(resolve);
    connection.toBroker(() => connection.toNode(() => this.#life.later(0, resolve)));
    await promise;
    this.#flushes.delete(resolve);
  }

  /** The life is over, or the node stops: the broker sees the connection end. */
  close(): void {
    this.#isClosed = true;
    this.#over.abort();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection) {
      connection.isOpenHere = false;
      this.#broker.drop(connection, 0);
    }
  }

  /** Ends the connection after a goodbye; the node connects again when the line is open. */
  hangUp(waitsFor?: string): void {
    this.#tell((listener) => listener.closing?.());
    this.line.hangUp(waitsFor);
    const connection = this.#connection;
    // What was published arrives before the end of the connection does.
    connection?.toBroker(() => this.#broker.drop(connection, 0));
    if (connection) this.#lost(connection);
    void this.line.opened(this.#over.signal).then(() => this.#life.later(1, () => this.#connect()));
  }

  #tell(news: (listener: LinkListener) => void): void {
    for (const listener of this.#listeners) news(listener);
  }

  #connect(): void {
    if (this.#isClosed || this.line.over.aborted) return;
    if (!this.#broker.canConnect(this.#link)) return this.#retry();
    const deps = { timeline: this.#life.machine.timeline, chance: this.#life.chance };
    const connection = new Connection(this.#link, deps, () =>
      this.#life.later(0, () => this.#lost(connection)),
    );
    this.#broker.add(connection);
    this.#connection = connection;
    for (const wanted of this.#wanted) this.#apply(wanted, connection);
    this.#tell((listener) => listener.connected?.());
    this.#watch(connection);
  }

  /** A broker that says nothing for long is taken for gone. */
  #watch(connection: Connection): void {
    this.#life.later(SILENCE_MS, () => {
      if (connection !== this.#connection) return;
      const isSilent = this.#link.blockedUntil > this.#life.machine.timeline.now;
      if (!isSilent) return this.#watch(connection);
      connection.closeHere();
      this.#life.machine.timeline.after(SILENCE_MS, () => this.#broker.drop(connection, 0));
    });
  }

  #take(frame: Frame, { handler }: Wanted): void {
    if (!frame.noResponders) this.traffic.inMessages++;
    this.traffic.inBytes += this.#count(frame, 'in');
    const message = toMessage(frame);
    this.#tell((listener) => listener.came?.(message));
    handler(message);
  }

  /** What a message takes, noted with the link too. */
  #count(frame: Frame, way: 'in' | 'out'): number {
    const bytes = sizeOf(frame);
    if (!this.#link.hasBudget) return bytes;
    const day = dayOf(new Date(this.#life.machine.wallNow()));
    const went = this.#link.went.get(day) ?? { in: 0, out: 0 };
    this.#link.went.set(day, { ...went, [way]: went[way] + bytes });
    return bytes;
  }

  #retry(): void {
    this.#life.later(RETRY_MS + this.#life.chance.between(0, 100), () => this.#connect());
  }

  #lost(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#tell((listener) => listener.disconnected?.());
    for (const end of this.#flushes) end();
    for (const wanted of this.#wanted) wanted.id = undefined;
    if (!this.line.over.aborted) this.#retry();
  }

  #apply(wanted: Wanted, connection: Connection): void {
    wanted.refused = undefined;
    const { subject } = wanted;
    connection.toBroker(() => {
      if (!this.#broker.allows(this.#link, 'subscription', subject)) {
        connection.toNode(() =>
          this.#life.later(0, () => {
            wanted.refused = new BusError('refused', `the broker does not allow to subscribe to ${subject}`);
            this.#tell((listener) => listener.refused?.('subscription', subject));
          }),
        );
        return;
      }
      wanted.id = this.#broker.subscribe(connection, subject, (frame) =>
        this.#life.later(0, () => {
          if (this.#wanted.has(wanted) && connection === this.#connection) this.#take(frame, wanted);
        }),
      );
    });
  }
}

function toMessage({ subject, reply, payload, headers, noResponders = false }: Frame): WireMessage {
  return { subject, reply, payload, noResponders, header: (name) => headers[name] || undefined };
}
