import type { Clock } from './clock.ts';
import { exposeCollector } from './collect-garbage.ts';

const LOOK_EVERY_MS = 2000;
/** Up to so much work between two looks, the node counts as idle, microseconds. */
const IDLE_MICROSECONDS = 200_000;
const IDLE_LOOKS = 2;
/** Memory that must have come since the last time, to be worth the pause of a full collection (some 20 ms). */
const WORTHWHILE_BYTES = 24 * 1024 * 1024;

/**
 * Gives memory back to the system when a burst of work is over. Left alone, the engine keeps what a burst took for
 * as long as nothing else happens, which on a small machine may be all there is; and it makes starting commands
 * slower, since a process is copied to start another.
 */
export function releaseMemoryWhenIdle(clock: Pick<Clock, 'every'>): Disposable {
  const collect = exposeCollector();
  let before = workedMicroseconds();
  let idleLooks = 0;
  let kept = usedBytes();
  const stop = clock.every(LOOK_EVERY_MS, () => {
    const now = workedMicroseconds();
    idleLooks = now - before < IDLE_MICROSECONDS ? idleLooks + 1 : 0;
    before = now;
    if (idleLooks < IDLE_LOOKS || usedBytes() < kept + WORTHWHILE_BYTES) return;
    collect();
    kept = usedBytes();
    before = workedMicroseconds();
  });
  return { [Symbol.dispose]: stop };
}

/** To read it takes a file: there may be none left, or the system shows none. Then nothing seems worthwhile. */
function usedBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/** What the main thread has worked since its start; both engines know it, while only one knows the event loop's share. */
function workedMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
