import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** The engine of the single-file program has one monitor for all who ask, and leaves its interval out by itself. */
const IS_SHARED = process.versions.bun !== undefined;

/** How late the event loop is, ms, from when this is made (or `startAnew` was called) on. */
export class LoopDelay implements Disposable {
  readonly #monitor = startMonitor();

  get mean(): number {
    return lateMs(this.#monitor.mean);
  }

  get max(): number {
    return lateMs(this.#monitor.max);
  }

  percentile(percentile: number): number {
    return lateMs(this.#monitor.percentile(percentile));
  }

  /** Begins a new period. Where the monitor is shared, prom-client does that, after it has read the same figures. */
  startAnew(): void {
    if (!IS_SHARED) this.#monitor.reset();
  }

  [Symbol.dispose](): void {
    this.#monitor.disable();
  }
}

function startMonitor() {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  return monitor;
}

/** Node.js measures from tick to tick, so its own interval is not a delay. */
function lateMs(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds)) return 0;
  return Math.max(0, nanoseconds / 1e6 - (IS_SHARED ? 0 : RESOLUTION_MS));
}
