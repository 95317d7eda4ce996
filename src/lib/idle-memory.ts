import type { Clock } from './clock.ts';
import { exposeCollector } from './collect-garbage.ts';

const LOOK_EVERY_MS = 5000;
/** Up to so much work between two looks, the node counts as idle, microseconds. */
const IDLE_MICROSECONDS = 500_000;
const IDLE_LOOKS = 2;
/** Up to so much work between two looks, a node that never idles can bear the pause, microseconds: half a processor. */
const BEARABLE_MICROSECONDS = 2_500_000;
/** From this look on that finds memory to give back, the node need not idle: half a minute. */
const PATIENT_LOOKS = 6;
/** Memory that must have come since the last time, to be worth the pause of a full collection (some 20 ms). */
const WORTHWHILE_BYTES = 24 * 1024 * 1024;
/** After so much work since then, what was in use at the last collection may be garbage by now, microseconds. */
const STALE_MICROSECONDS = 1_000_000;

/** What is known of the engine and asked of it. */
interface Engine {
  readonly collect: () => void;
  readonly usedBytes: () => number;
  readonly workedMicroseconds: () => number;
}

/**
 * Gives memory back to the system when a burst of work is over. Left alone, the engine keeps what a burst took for
 * as long as nothing else happens, which on a small machine may be all there is; and it makes starting commands
 * slower, since a process is copied to start another. A node that always has a little to do, such as asking for
 * thousands of absent nodes, gives it back after half a minute.
 */
export function releaseMemoryWhenIdle(
  clock: Pick<Clock, 'every'>,
  { collect, usedBytes, workedMicroseconds }: Engine = thisEngine(),
): Disposable {
  let before = workedMicroseconds();
  let [idleLooks, worthwhileLooks] = [0, 0];
  let kept = usedBytes();
  let [least, workedSince] = [kept, 0];
  const stop = clock.every(LOOK_EVERY_MS, () => {
    const now = workedMicroseconds();
    const worked = now - before;
    before = now;
    idleLooks = worked < IDLE_MICROSECONDS ? idleLooks + 1 : 0;
    workedSince += worked;
    const used = usedBytes();
    least = Math.min(least, used);
    // The last collection may have come in the middle of the burst.
    const isStale = workedSince >= STALE_MICROSECONDS && idleLooks >= IDLE_LOOKS;
    const base = isStale ? least : kept;
    worthwhileLooks = used < base + WORTHWHILE_BYTES ? 0 : worthwhileLooks + 1;
    const isPatient = worthwhileLooks < PATIENT_LOOKS || worked > BEARABLE_MICROSECONDS;
    if (worthwhileLooks === 0 || (idleLooks < IDLE_LOOKS && isPatient)) return;
    collect();
    [worthwhileLooks, workedSince] = [0, 0];
    kept = usedBytes();
    before = workedMicroseconds();
  });
  return { [Symbol.dispose]: stop };
}

function thisEngine(): Engine {
  return { collect: exposeCollector(), usedBytes, workedMicroseconds };
}

/** To read it takes a file: there may be none left, or the system shows none. Then nothing seems worthwhile. */
function usedBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/**
 * What the main thread has worked since its start, or was ready to: on a machine that others keep busy it gets a tenth of a processor, and
 * would seem idle amid its work. The engine of the single-file program does not tell the latter.
 */
function workedMicroseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return Math.max(user + system, 1000 * performance.eventLoopUtilization().active);
}
