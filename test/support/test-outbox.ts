import type { TestContext } from 'node:test';
import { Ledger } from '../../src/ledger/ledger.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import type { Budget } from '../../src/link/budget.ts';
import { outgoingChain } from '../../src/link/outgoing-chain.ts';
import { LinkScheduler } from '../../src/link/scheduler.ts';
import { Outbox, type OutgoingMessage } from '../../src/outbox/outbox.ts';
import type { Ended, LaneProcess } from '../../src/outbox/outbox-deps.ts';
import type { Store } from '../../src/store/store.ts';
import { disposeAfter } from './dispose-after.ts';
import { FakeTransport } from './fake-transport.ts';
import { keptOver } from './kept-over.ts';
import { settle } from './manual-clock.ts';
import { tempStore } from './temp-store.ts';

/** What may be special about an outbox under test. */
interface TestOutboxOptions {
  /** A store that is there already, as after a restart. */
  readonly store?: Store;
  readonly messageTtlMs?: number;
  readonly isDoubtful?: boolean;
  readonly maxOutputBytes?: number;
  /** What limits how much goes over its link; nothing unless told. */
  readonly budget?: Budget;
  readonly centralNodeName?: string;
  /** Whether a node may answer as one of the original; all unless told. */
  mayBeOriginal?(node: string): boolean;
  /** How a node is asked for its words; none is unless told. */
  askWords?(node: string): Promise<void>;
  onEnded?(ended: readonly Ended[]): Promise<void>;
}

/** The way out that a node has, to a fake broker. */
export function linkOver(transport: FakeTransport, budget?: Budget): LinkScheduler {
  const send = outgoingChain({ compression: '' }, transport);
  return new LinkScheduler({ send, bus: transport, now: () => TestOutbox.now(), ...(budget && { budget }) });
}

/** An outbox on a real database and a fake broker; its time stands still until the test moves it on. */
export class TestOutbox {
  readonly outbox: Outbox;
  readonly transport = new FakeTransport();
  readonly ended: Ended[] = [];
  readonly delivered: { method: string; count: number }[] = [];
  readonly failures: Error[] = [];
  readonly reported: string[] = [];
  readonly store: Store;
  missed = 0;
  /** By how much its wall clock was set, ms. */
  stepMs = 0;
  static #ids = 0;
  static #now = 1_800_000_000_000;
  readonly #timers: TestContext['mock']['timers'];
  readonly #running = new Map<string, AsyncDisposable>();

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
    const ended = async (ended: readonly Ended[]) => {
      await options.onEnded?.(ended);
      this.ended.push(...ended);
    };
    const clock = { ...systemClock, wallNow: () => now() + this.stepMs, steadyNow: now };
    const logger = { warn: () => {}, debug: () => {} };
    const ledger = new Ledger({ store, now, logger });
    this.outbox = new Outbox(
      {
        nodeName: 'central',
        messageTtlMs: options.messageTtlMs ?? 7 * 86_400_000,
        isDoubtful: options.isDoubtful === true,
        maxOutputBytes: options.maxOutputBytes ?? Number.POSITIVE_INFINITY,
        ...(options.centralNodeName && { centralNodeName: options.centralNodeName }),
      },
      {
        ...{ store, ledger, logger, random: systemRandom },
        clock,
        kept: keptOver(clock),
        transport: this.transport,
        ...(options.mayBeOriginal && {
          words: { heardWords: () => {}, mayBeOriginal: options.mayBeOriginal },
        }),
        link: linkOver(this.transport, options.budget),
        methods: new Map(['REQToFileAppend', 'REQCancel'].map((name) => [name, { mode: 'effect' }])),
        metrics: {
          delivered: (method, _, count = 1) => void this.delivered.push({ method, count }),
          ackMissed: () => void this.missed++,
          stalled: () => {},
        },
      },
    );
    this.outbox.start({
      processes: {
        keep: (lane) => void this.#startLane(lane),
        stop: async ({ name }) => {
          await this.#running.get(name)?.[Symbol.asyncDispose]();
          this.#running.delete(name);
        },
      },
      listeners: [{ ended, report: (text) => void this.reported.push(text) }],
      ...(options.askWords && { asking: { ask: options.askWords } }),
    });
  }

  async #startLane(lane: LaneProcess): Promise<void> {
    const running = await lane.start((error) => this.failures.push(error));
    this.#running.set(lane.name, running);
  }

  /** Queues messages for ship1, unless told otherwise; returns their ids. */
  async enqueue(count: number, more: Partial<OutgoingMessage> = {}): Promise<string[]> {
    const messages = Array.from({ length: count }, () => ({
      // As of real ones, the later is the higher.
      id: `id-${String(++TestOutbox.#ids).padStart(6, '0')}`,
      batch: more.isOutput ? null : 'a batch',
      subject: 'ship1.REQToFileAppend.EventACK',
      format: { serial: '', cmp: '' } as const,
      body: Buffer.from(`message ${TestOutbox.#ids}`),
      ackTimeoutMs: 5000,
      ...more,
    }));
    await this.outbox.enqueue(messages);
    await this.settled();
    return messages.map(({ id }) => id);
  }

  /** Resolves when what is under way to the database, and what follows from it, is done. */
  async settled(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      await settle();
      await this.store.write([]);
      await (this.store as Partial<Store>).query?.('SELECT 1');
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
  async open(more: Partial<OutgoingMessage> = {}): Promise<void> {
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
    for (const running of this.#running.values()) await running[Symbol.asyncDispose]();
    await this.outbox[Symbol.asyncDispose]();
  }
}
