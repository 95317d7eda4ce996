import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type CollectGarbage = (options: {
  readonly type: 'major' | 'minor';
  readonly execution: 'sync';
  readonly flavor?: 'last-resort' | 'regular';
}) => void;

/** What the engine tells of a collection. */
interface Collected {
  readonly detail: { readonly kind: number };
}

/** What the engine of the single-file program offers instead. */
interface BunEngine {
  gc(isNow: boolean): void;
  shrink(): void;
}

/** Makes the function that has the engine collect all garbage now, which takes some 20 ms. */
export function exposeCollector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: BunEngine };
  if (bun !== undefined) {
    return () => {
      bun.gc(true);
      bun.shrink();
    };
  }
  const collect = engineCollector();
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Buffers that nobody needs any more are given back when they come to this, bytes. */
const FREED_BYTES = 8 * 1024 * 1024;

/**
 * Makes the function that is told how many bytes of buffers nobody needs any more which came just now: the engine would let 64 MB of
 * them pile up before it looks. To look through the young objects takes a millisecond.
 */
export function exposeFreeing(): (bytes: number) => void {
  if ((globalThis as { Bun?: unknown }).Bun !== undefined) return () => {};
  const collect = engineCollector();
  let freed = 0;
  return (bytes) => {
    freed += bytes;
    if (freed < FREED_BYTES) return;
    freed = 0;
    collect({ type: 'minor', execution: 'sync' });
  };
}

/**
 * However much is in use, so much garbage comes together before it is collected, and a share of what is in use beyond what a flood may
 * leave: to look through all of it takes its time, and at each step of a growth to ten thousand nodes that would be the square of it.
 */
const [LEAST_GROWTH_BYTES, LARGE_HEAP_BYTES, LARGE_GROWTH] = [16 * 1024 * 1024, 100 * 1024 * 1024, 0.5];

/**
 * Has the engine collect the garbage of this thread when its heap has grown by `growthBytes` since it last did, or by less where more
 * is in use than at first, until it is disposed: else it lets what survives its young generation grow to four times what is in use before it looks, some 150 MB in a flood. Looks after
 * each collection of young objects, which idle nodes have none of. To save memory all the time would cost a third of the speed.
 * `moreBytes`: what may come together besides, for a work that is as large; then the engine does not save memory either, else it would look again
 * when a quarter has come.
 */
export function keepGarbageSmall(growthBytes: number, moreBytes: () => number = () => 0): Disposable {
  if ((globalThis as { Bun?: unknown }).Bun !== undefined) return { [Symbol.dispose]: () => {} };
  const collect = engineCollector();
  const first = heapBytes();
  let before = first;
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as readonly Collected[];
    if (entries.some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR))
      before = heapBytes();
    const share = LARGE_GROWTH * (before - LARGE_HEAP_BYTES);
    const growth = Math.max(LEAST_GROWTH_BYTES, share, growthBytes - (before - first));
    const more = moreBytes();
    if (heapBytes() < before + growth + more) return;
    if (more < growth) setFlagsFromString('--memory-saver-mode');
    collect({ type: 'major', execution: 'sync', flavor: 'regular' });
    setFlagsFromString('--no-memory-saver-mode');
    before = heapBytes();
  });
  observer.observe({ type: 'gc' });
  return { [Symbol.dispose]: () => observer.disconnect() };
}

function heapBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}

let collectOf: CollectGarbage | undefined;

/** The engine shows it to contexts that are made from then on: one is enough, as each takes a millisecond and some 100 kB. */
function engineCollector(): CollectGarbage {
  setFlagsFromString('--expose-gc');
  collectOf ??= runInNewContext('gc') as CollectGarbage;
  return collectOf;
}
