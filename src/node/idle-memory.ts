import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 1000;
/** Up to this share of a second spent working, the node counts as idle. */
const IDLE_UTILIZATION = 0.1;
const IDLE_LOOKS = 2;
/** Memory that must have come since the last time, to be worth the pause of a full collection (some 20 ms). */
const WORTHWHILE_BYTES = 24 * 1024 * 1024;

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/**
 * Gives memory back to the system when a burst of work is over. Left alone, the engine keeps what a burst took for
 * as long as nothing else happens, which on a small machine may be all there is; and it makes starting commands
 * slower, since a process is copied to start another.
 */
export function releaseMemoryWhenIdle(): Disposable {
  const collect = exposeCollector();
  let before = performance.eventLoopUtilization();
  let idleLooks = 0;
  let kept = process.memoryUsage.rss();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    idleLooks = utilization < IDLE_UTILIZATION ? idleLooks + 1 : 0;
    if (idleLooks < IDLE_LOOKS || process.memoryUsage.rss() < kept + WORTHWHILE_BYTES) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    kept = process.memoryUsage.rss();
    before = performance.eventLoopUtilization();
  }, LOOK_EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function exposeCollector(): CollectGarbage {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as CollectGarbage;
}
