import type { Metric } from 'prom-client';

/** Name, help, labels and the upper bounds of the buckets, smallest first. */
interface HistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
}

interface Series {
  readonly labels: Record<string, string>;
  /** How many values fell into each bucket alone; the last one has no upper bound. */
  readonly counts: Float64Array;
  sum: number;
}

/** A histogram that only counts when a value comes, and is written out when it is scraped. */
class FastHistogram {
  readonly #options: HistogramOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: HistogramOptions) {
    this.#options = options;
  }

  /** Counts a value under the values of the labels, which come in the order of their names. */
  observe(value: number, first: string, second = ''): void {
    const key = second === '' ? first : `${first}\n${second}`;
    const series = this.#series.get(key) ?? this.#addSeries(key, [first, second]);
    const { buckets } = this.#options;
    let index = 0;
    while (index < buckets.length && value > buckets[index]!) index++;
    series.counts[index]!++;
    series.sum += value;
  }

  /** This histogram as prom-client's registry takes it. */
  asMetric(): Metric {
    const { name, help } = this.#options;
    const metric = {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values() }),
      reset: () => this.#series.clear(),
    };
    // The registry asks no more of a metric than this, but its type names the library's own classes.
    return metric as unknown as Metric;
  }

  #addSeries(key: string, values: string[]): Series {
    const { labelNames, buckets } = this.#options;
    const labels = Object.fromEntries(labelNames.map((name, index) => [name, values[index] ?? '']));
    const series = { labels, counts: new Float64Array(buckets.length + 1), sum: 0 };
    this.#series.set(key, series);
    return series;
  }

  #values(): { metricName: string; labels: Record<string, string>; value: number }[] {
    const { name, buckets } = this.#options;
    return [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const lines = [...counts].map((count, index) => {
        total += count;
        const le = index < buckets.length ? String(buckets[index]) : '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
      });
      return [
        ...lines,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ];
    });
  }
}

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

/** Something, or a promise of it. */
export type Soon<T> = T | Promise<T>;

const DELIVERY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 1800, 7200, 43_200,
  259_200,
];
const METHOD_BUCKETS = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200,
];
const MOST_HELLO_NODES = 50_000;

/**
 * The node's metrics, under the reference's names where it has them.
 *
 * There is one method for each event. They count plain numbers, which `exposition.ts` writes out when somebody scrapes.
 */
export class Metrics {
  readonly version: string;
  readonly deliverySeconds = new FastHistogram({
    name: 'steward_delivery_seconds',
    help: 'Time from queued here to accepted by the target node.',
    labelNames: ['method'],
    buckets: DELIVERY_BUCKETS,
  });
  readonly methodSeconds = new FastHistogram({
    name: 'steward_method_seconds',
    help: 'Time that methods ran on this node, by how they ended.',
    labelNames: ['method', 'state'],
    buckets: METHOD_BUCKETS,
  });
  /** When each node last said hello, unix milliseconds. */
  readonly hellos = new Map<string, number>();
  readonly counts = {
    submitted: 0,
    delivered: 0,
    finished: 0,
    stalled: 0,
    missedAcks: 0,
    failedAcks: 0,
    errorsReceived: 0,
    errorsSent: 0,
    infosSent: 0,
  };
  /** Where to read what is not counted here, once that is known. */
  sources: MetricSources | undefined;

  constructor({ version }: { version: string }) {
    this.version = version;
  }

  /** Messages came from an operator and were accepted. */
  submitted(count = 1): void {
    this.counts.submitted += count;
  }

  /** The target node accepted messages, `seconds` after they were queued. */
  delivered(method: string, seconds: number, count = 1): void {
    this.counts.delivered += count;
    for (let left = count; left > 0; left--) this.deliverySeconds.observe(seconds, method);
  }

  /** Messages that this node sent reached their last state. */
  finished(count = 1): void {
    this.counts.finished += count;
  }

  /** Messages wait because their target is away or busy. */
  stalled(count = 1): void {
    this.counts.stalled += count;
  }

  /** No answer came in time to one attempt. */
  ackMissed(): void {
    this.counts.missedAcks++;
  }

  /** A message was given up, since no attempt was answered. */
  ackFailed(): void {
    this.counts.failedAcks++;
  }

  /** A method ended on this node after some seconds; `state` is the one of the design, like `succeeded`. */
  methodEnded(method: string, state: string, seconds: number): void {
    this.methodSeconds.observe(seconds, method, state);
  }

  /** Error reports of other nodes arrived. */
  errorReceived(count = 1): void {
    this.counts.errorsReceived += count;
  }

  /** Error reports were queued for errorCentral. */
  errorSent(count = 1): void {
    this.counts.errorsSent += count;
  }

  /** Reports that are no errors were queued for errorCentral. */
  infoSent(count = 1): void {
    this.counts.infosSent += count;
  }

  /** A hello of a node came, at a unix time in milliseconds. */
  helloReceived(nodeName: string, atMs: number): void {
    // Names come from outside, and each takes memory for good.
    if (this.hellos.has(nodeName) || this.hellos.size < MOST_HELLO_NODES) this.hellos.set(nodeName, atMs);
  }
}
