import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { LoopDelay } from './loop-delay.ts';
import type { Metrics, Soon } from './metrics.ts';

/**
 * The metrics of a node and its process in Prometheus' text format. For who has them read: measuring the event loop wakes
 * an idle node a hundred times a second.
 */
export class Exposition implements Disposable {
  readonly registry = new Registry();
  readonly #loopDelay = new LoopDelay();
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    // Read at a scrape before prom-client's own figures, with which the monitor may be shared.
    this.#addLoopDelay();
    collectDefaultMetrics({ register: this.registry });
    this.registry.registerMetric(metrics.deliverySeconds.asMetric());
    this.registry.registerMetric(metrics.methodSeconds.asMetric());
    const { version } = metrics;
    this.#gauge('steward_build_version', 'The version that runs.', ['version'], (gauge) =>
      gauge.set({ version }, 1),
    );
    this.#addCounters();
    this.#addProcessesAndNodes();
    this.#addStored();
  }

  [Symbol.dispose](): void {
    this.#loopDelay[Symbol.dispose]();
  }

  #addCounters(): void {
    const { counts } = this.#metrics;
    this.#counter('user_messages', 'Messages from operators that were accepted.', () => counts.submitted);
    this.#counter('nats_delivered', 'Messages that their target accepted.', () => counts.delivered);
    this.#counter('nats_messages_failed_acks', 'Messages given up unanswered.', () => counts.failedAcks);
    this.#counter('nats_messages_missed_acks', 'Attempts that were not answered.', () => counts.missedAcks);
    this.#counter(
      'ringbuffer_stalled_messages',
      'Messages held back for their target.',
      () => counts.stalled,
    );
    this.#counter('error_messages_received', 'Error reports received.', () => counts.errorsReceived);
    this.#counter('error_messages_sent', 'Error reports sent.', () => counts.errorsSent);
    this.#counter('info_messages_sent', 'Reports sent that are no errors.', () => counts.infosSent);
    this.#gauge('steward_messages_processed_id_last', 'Messages sent from here that ended.', [], (gauge) =>
      gauge.set(counts.finished),
    );
  }

  #addProcessesAndNodes(): void {
    this.#gauge('steward_processes_total', 'Processes running.', [], async (gauge) =>
      gauge.set((await this.#metrics.sources?.runningProcesses())?.length ?? 0),
    );
    this.#gauge('steward_processes_all_running', 'Each process.', ['processName'], async (gauge) => {
      for (const processName of (await this.#metrics.sources?.runningProcesses()) ?? [])
        gauge.inc({ processName });
    });
    this.#gauge('steward_hello_nodes_total', 'Nodes that said hello.', [], (gauge) =>
      gauge.set(this.#metrics.hellos.size),
    );
    const help = 'When each node last said hello, in unix seconds.';
    this.#gauge('steward_hello_node_contact_last', help, ['nodeName'], (gauge) => {
      for (const [nodeName, atMs] of this.#metrics.hellos) gauge.set({ nodeName }, atMs / 1000);
    });
  }

  #addStored(): void {
    const inMemory = 'Messages in the memory windows of all lanes.';
    this.#gauge('steward_in_memory_buffer_messages_current', inMemory, [], async (gauge) =>
      gauge.set((await this.#metrics.sources?.messagesInMemory()) ?? 0),
    );
    this.#gauge('steward_db_messages_current', 'Messages of the outbox in the store.', [], async (gauge) =>
      gauge.set((await this.#metrics.sources?.messagesInStore()) ?? 0),
    );
    this.#gauge('steward_outbox_messages', 'Messages of the outbox by state.', ['state'], async (gauge) => {
      const states = (await this.#metrics.sources?.outboxByState()) ?? {};
      for (const [state, count] of Object.entries(states)) gauge.set({ state }, count);
    });
  }

  #addLoopDelay(): void {
    const delay = this.#loopDelay;
    const name = 'steward_event_loop_delay_seconds';
    const help = 'How late the event loop was since the last scrape.';
    this.#gauge(name, help, ['quantile'], (gauge) => {
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
      registers: [this.registry],
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
      registers: [this.registry],
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
