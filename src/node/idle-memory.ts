import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 1000;
/** Up to so much of a second spent working, the node counts as idle, microseconds. */
const IDLE_MICROSECONDS = 100_000;
const IDLE_LOOKS = 2;
/** Memory that must have come since the last time, to be worth the pause of a full collection (some 20 ms). */
const WORTHWHILE_BYTES = 24 * 1024 * 1024;

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** What the engine of the single-file program offers instead. */
interface BunEngine {
  gc(isNow: boolean): void;
  shrink(): void;
}

/**
 * Gives memory back to the system when a burst of work is over. Left alone, the engine keeps what a burst took for
 * as long as nothing else happens, which on a small machine may be all there is; and it makes starting commands
 * slower, since a process is copied to start another.
 */
export function releaseMemoryWhenIdle(): Disposable {
  const collect = exposeCollector();
  let before = workedMicroseconds();
  let idleLooks = 0;
  let kept = process.memoryUsage.rss();
  const timer = setInterval(() => {
    const now = workedMicroseconds();
    idleLooks = now - before < IDLE_MICROSECONDS ? idleLooks + 1 : 0;
    before = now;
    if (idleLooks < IDLE_LOOKS || process.memoryUsage.rss() < kept + WORTHWHILE_BYTES) return;
    collect();
    kept = process.memoryUsage.rss();
    before = workedMicroseconds();
  }, LOOK_EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** What the main thread has worked since its start; both engines know it, while only one knows the event loop's share. */
function workedMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function exposeCollector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: BunEngine };
  if (bun !== undefined) {
    return () => {
      bun.gc(true);
      bun.shrink();
    };
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as CollectGarbage;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
