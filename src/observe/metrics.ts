import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

import { FastHistogram } from './fast-histogram.ts';
import { LoopDelay } from './loop-delay.ts';

/** What is counted by others and read at each scrape; when one throws, its metric is left out of that scrape. */
export interface MetricSources {
  /** How many messages of the outbox are in each state. */
  outboxByState(): Soon<Readonly<Record<string, number>>>;
  /** How many messages are in memory, in the windows of all lanes. */
  messagesInMemory(): Soon<number>;
  /** How many rows the outbox has in the store. */
  messagesInStore(): Soon<number>;
  /** The names of the processes that run. */
  runningProcesses(): Soon<readonly string[]>;
}

type Soon<T> = T | Promise<T>;

const DELIVERY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 1800, 7200, 43_200,
  259_200,
];
const METHOD_BUCKETS = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
];
const MOST_HELLO_NODES = 50_000;

/** Makes the metrics of one node, in a registry of their own. */
export function createMetrics(options: { version: string }): Metrics {
  return new Metrics(options);
}

/**
 * The node's metrics, under the reference's names where it has them.
 *
 * There is one method for each event. They count plain numbers, which reach prom-client when somebody scrapes.
 */
export class Metrics implements Disposable {
  readonly #registry = new Registry();
  readonly #deliverySeconds = new FastHistogram({
    name: 'steward_delivery_seconds',
    help: 'Time from queued here to accepted by the target node.',
    labelNames: ['method'],
    buckets: DELIVERY_BUCKETS,
  });
  readonly #methodSeconds = new FastHistogram({
    name: 'steward_method_seconds',
    help: 'Time that methods ran on this node, by how they ended.',
    labelNames: ['method', 'state'],
    buckets: METHOD_BUCKETS,
  });
  readonly #loopDelay = new LoopDelay();
  readonly #hellos = new Map<string, number>();
  #sources: MetricSources | undefined;
  #submitted = 0;
  #delivered = 0;
  #finished = 0;
  #stalled = 0;
  #missedAcks = 0;
  #failedAcks = 0;
  #errorsReceived = 0;
  #errorsSent = 0;
  #infosSent = 0;

  constructor({ version }: { version: string }) {
    // Read at a scrape before prom-client's own figures, with which the monitor may be shared.
    this.#addLoopDelay();
    collectDefaultMetrics({ register: this.#registry });
    this.#registry.registerMetric(this.#deliverySeconds.asMetric());
    this.#registry.registerMetric(this.#methodSeconds.asMetric());
    this.#gauge('steward_build_version', 'The version that runs.', ['version'], (gauge) =>
      gauge.set({ version }, 1),
    );
    this.#addCounters();
    this.#addProcessesAndNodes();
    this.#addStored();
  }

  /** Messages came from an operator and were accepted. */
  submitted(count = 1): void {
    this.#submitted += count;
  }

  /** The target node accepted messages, so many seconds after they were queued. */
  delivered(method: string, seconds: number, count = 1): void {
    this.#delivered += count;
    for (let left = count; left > 0; left--) this.#deliverySeconds.observe(seconds, method);
  }

  /** Messages that this node sent reached their last state. */
  finished(count = 1): void {
    this.#finished += count;
  }

  /** Messages wait because their target is away or busy. */
  stalled(count = 1): void {
    this.#stalled += count;
  }

  /** No answer came in time to one attempt. */
  ackMissed(): void {
    this.#missedAcks++;
  }

  /** A message was given up, since no attempt was answered. */
  ackFailed(): void {
    this.#failedAcks++;
  }

  /** A method ended on this node after so many seconds; `state` is the one of the design, like `succeeded`. */
  methodEnded(method: string, state: string, seconds: number): void {
    this.#methodSeconds.observe(seconds, method, state);
  }

  /** Error reports of other nodes arrived. */
  errorReceived(count = 1): void {
    this.#errorsReceived += count;
  }

  /** Error reports were queued for errorCentral. */
  errorSent(count = 1): void {
    this.#errorsSent += count;
  }

  /** Reports that are no errors were queued for errorCentral. */
  infoSent(count = 1): void {
    this.#infosSent += count;
  }

  /** A hello of a node came, at a unix time in milliseconds. */
  helloReceived(nodeName: string, atMs: number): void {
    // Names come from outside, and each takes memory for good.
    if (this.#hellos.has(nodeName) || this.#hellos.size < MOST_HELLO_NODES) this.#hellos.set(nodeName, atMs);
  }

  /** Says where to read what is not counted here. */
  readFrom(sources: MetricSources): void {
    this.#sources = sources;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  [Symbol.dispose](): void {
    this.#loopDelay[Symbol.dispose]();
  }

  #addCounters(): void {
    this.#counter('user_messages', 'Messages from operators that were accepted.', () => this.#submitted);
    this.#counter('nats_delivered', 'Messages that their target accepted.', () => this.#delivered);
    this.#counter('nats_messages_failed_acks', 'Messages given up unanswered.', () => this.#failedAcks);
    this.#counter('nats_messages_missed_acks', 'Attempts that were not answered.', () => this.#missedAcks);
    this.#counter('ringbuffer_stalled_messages', 'Messages held back for their target.', () => this.#stalled);
    this.#counter('error_messages_received', 'Error reports received.', () => this.#errorsReceived);
    this.#counter('error_messages_sent', 'Error reports sent.', () => this.#errorsSent);
    this.#counter('info_messages_sent', 'Reports sent that are no errors.', () => this.#infosSent);
    this.#gauge('steward_messages_processed_id_last', 'Messages sent from here that ended.', [], (gauge) =>
      gauge.set(this.#finished),
    );
  }

  #addProcessesAndNodes(): void {
    this.#gauge('steward_processes_total', 'Processes running.', [], async (gauge) =>
      gauge.set((await this.#sources?.runningProcesses())?.length ?? 0),
    );
    this.#gauge('steward_processes_all_running', 'Each process.', ['processName'], async (gauge) => {
      for (const processName of (await this.#sources?.runningProcesses()) ?? []) gauge.inc({ processName });
    });
    this.#gauge('steward_hello_nodes_total', 'Nodes that said hello.', [], (gauge) =>
      gauge.set(this.#hellos.size),
    );
    const help = 'When each node last said hello, in unix seconds.';
    this.#gauge('steward_hello_node_contact_last', help, ['nodeName'], (gauge) => {
      for (const [nodeName, atMs] of this.#hellos) gauge.set({ nodeName }, atMs / 1000);
    });
  }

  #addStored(): void {
    const inMemory = 'Messages in the memory windows of all lanes.';
    this.#gauge('steward_in_memory_buffer_messages_current', inMemory, [], async (gauge) =>
      gauge.set((await this.#sources?.messagesInMemory()) ?? 0),
    );
    this.#gauge('steward_db_messages_current', 'Messages of the outbox in the store.', [], async (gauge) =>
      gauge.set((await this.#sources?.messagesInStore()) ?? 0),
    );
    this.#gauge('steward_outbox_messages', 'Messages of the outbox by state.', ['state'], async (gauge) => {
      const states = (await this.#sources?.outboxByState()) ?? {};
      for (const [state, count] of Object.entries(states)) gauge.set({ state }, count);
    });
  }

  #addLoopDelay(): void {
    const name = 'steward_event_loop_delay_seconds';
    const help = 'How late the event loop was since the last scrape.';
    this.#gauge(name, help, ['quantile'], (gauge) => {
      const delay = this.#loopDelay;
      gauge.set({ quantile: '0.5' }, delay.percentile(50) / 1000);
      gauge.set({ quantile: '0.99' }, delay.percentile(99) / 1000);
      gauge.set({ quantile: 'max' }, delay.max / 1000);
      delay.startAnew();
    });
  }

  #counter(name: string, help: string, read: () => number): void {
    new Counter({
      name: `steward_${name}_total`,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  #gauge<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    fill: (gauge: Gauge<T>) => Soon<void>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        this.reset();
        try {
          await fill(this);
        } catch {
          this.remove();
        }
      },
    });
  }
}
