import type { TestContext } from 'node:test';
import { Ledger } from '../../src/ledger/ledger.ts';
import { Outbox, type Parcel } from '../../src/outbox/outbox.ts';
import type { Ended, LaneProcess } from '../../src/outbox/outbox-deps.ts';
import type { Store } from '../../src/store/store.ts';
import { disposeAfter } from './dispose-after.ts';
import { FakeTransport } from './fake-transport.ts';
import { settle } from './manual-clock.ts';
import { tempStore } from './temp-store.ts';

/** What may be special about an outbox under test. */
interface TestOutboxOptions {
  /** A store that is there already, as after a restart. */
  readonly store?: Store;
  readonly messageTtlMs?: number;
  onEnded?(ended: readonly Ended[]): Promise<void>;
}

/** An outbox on a real database and a fake broker; its time stands still until the test moves it on. */
export class TestOutbox {
  readonly outbox: Outbox;
  readonly transport = new FakeTransport();
  readonly ended: Ended[] = [];
  readonly delivered: { method: string; count: number }[] = [];
  readonly failures: Error[] = [];
  readonly store: Store;
  missed = 0;
  static #ids = 0;
  static #now = 1_800_000_000_000;
  readonly #timers: TestContext['mock']['timers'];
  readonly #running: AsyncDisposable[] = [];

  /** Makes an outbox that lasts as long as the test; it has a broker. */
  static async start(t: TestContext, options: TestOutboxOptions = {}): Promise<TestOutbox> {
    const store = options.store ?? (await tempStore(t));
    if (!options.store) t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const made = disposeAfter(t, new TestOutbox(t, store, options));
    made.outbox.connected();
    return made;
  }

  /** The time of all outboxes under test, unix ms. */
  static now(): number {
    return TestOutbox.#now;
  }

  private constructor(t: TestContext, store: Store, options: TestOutboxOptions) {
    this.store = store;
    this.#timers = t.mock.timers;
    const now = () => TestOutbox.#now;
    const onEnded = async (ended: readonly Ended[]) => {
      await options.onEnded?.(ended);
      this.ended.push(...ended);
    };
    const logger = { warn: () => {}, debug: () => {} };
    const ledger = new Ledger({ store, now, onFinished: async () => {}, logger });
    this.outbox = new Outbox(
      { nodeName: 'central', messageTtlMs: options.messageTtlMs ?? 7 * 86_400_000 },
      {
        ...{ store, ledger, now, monotonicNow: now, onEnded, logger },
        transport: this.transport,
        isDoneWhenAccepted: (method) => method === 'REQToFileAppend',
        onDelivered: (delivered) => void this.delivered.push(delivered),
        onMissedAnswer: () => void this.missed++,
        onStalled: () => {},
        onLane: (lane) => void this.#startLane(lane),
      },
    );
  }

  async #startLane(lane: LaneProcess): Promise<void> {
    const running = await lane.start();
    this.#running.push(running);
    void running.failed.then((error) => this.failures.push(error));
  }

  /** Queues messages for ship1, unless told otherwise; gives their ids. */
  async enqueue(count: number, more: Partial<Parcel> = {}): Promise<string[]> {
    const parcels = Array.from({ length: count }, () => ({
      id: `id-${++TestOutbox.#ids}`,
      batch: null,
      subject: 'ship1.REQToFileAppend.EventACK',
      format: { serial: '', cmp: '' } as const,
      body: Buffer.from(`message ${TestOutbox.#ids}`),
      ackTimeoutMs: 5000,
      ...more,
    }));
    await this.outbox.enqueue(parcels);
    await this.settled();
    return parcels.map(({ id }) => id);
  }

  /** Resolves when what is under way to the database, and what follows from it, is done. */
  async settled(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await settle();
      await this.store.write([]);
    }
  }

  /** Moves time on in steps, so that timers fire near their time. */
  async advance(ms: number, stepMs = 500): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(left, stepMs);
      TestOutbox.#now += step;
      this.#timers.tick(step);
      await this.settled();
    }
  }

  /** Opens the window: the first message is answered by a node that speaks lanes. */
  async open(more: Partial<Parcel> = {}): Promise<void> {
    await this.enqueue(1, more);
    this.transport.answer('accepted', this.transport.take());
    await this.settled();
  }

  states(): Record<string, number> {
    const rows = this.store.all<{ state: string; n: number }>(
      'SELECT state, count(*) AS n FROM ledger GROUP BY state',
    );
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  onDisk(): number {
    return this.store.get<{ n: number }>('SELECT count(*) AS n FROM outbox')!.n;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.splice(0)) await running[Symbol.asyncDispose]();
    await this.outbox[Symbol.asyncDispose]();
  }
}
