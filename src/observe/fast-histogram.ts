import type { Metric } from 'prom-client';

/** Name, help, labels and the upper bounds of the buckets, smallest first. */
export interface HistogramOptions {
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
export class FastHistogram {
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
