import { saysNothingOfLoad } from './connect-fault.ts';
import type { BusOptions } from './connect-options.ts';

/** A broker that ends an attempt after so long was there, and did not come to it in time, ms: nats-server waits 2 s for a sign-in. */
const LATE_MS = 1000;
/** The most intervals that such a broker is given. */
const MOST_INTERVALS = 7;

/**
 * How long to wait before the next attempt to connect. The nodes of a fleet lose their connections in one moment: each tries at once, and
 * then at any time within the interval. A broker that lets nobody in before it loses patience has more to do than it can, and would
 * go on in vain if all came again as fast: each attempt in a row that fails so doubles the time over which they spread.
 */
export class RetryPause {
  readonly #options: BusOptions;
  readonly #random: () => number;
  #isFirst = false;
  #late = 0;

  constructor(options: BusOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** How long it takes until a connection is made again that held for so long, ms: none where it did, as the broker may have another one at hand. */
  afterLoss(heldMs: number): number {
    this.#late = 0;
    if (heldMs < this.#options.retryIntervalMs) return this.next();
    this.#isFirst = true;
    return 0;
  }

  /** An attempt failed that began `ms` ago. What gets to no broker may take as long: a machine on the same network that is off, 3 s. */
  failed(error: unknown, ms: number): void {
    this.#late = ms >= LATE_MS && !saysNothingOfLoad(error) ? this.#late + 1 : 0;
  }

  /** How long to wait behind an attempt that failed, ms. */
  next(): number {
    const { retryIntervalMs, reconnectJitterMs, reconnectJitterTlsMs, ...options } = this.#options;
    const usesTls =
      options.rootCaPath !== '' || options.tlsCertFile !== '' || options.brokerAddress.includes('tls://');
    const jitterMs = usesTls ? reconnectJitterTlsMs : reconnectJitterMs;
    const [leastIntervals, spread] = this.#isFirst
      ? [0, 1]
      : [1, Math.min(MOST_INTERVALS, 2 ** this.#late - 1)];
    this.#isFirst = false;
    return retryIntervalMs * leastIntervals + this.#random() * (retryIntervalMs * spread + jitterMs);
  }
}
