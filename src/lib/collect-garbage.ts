import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type CollectGarbage = (options: {
  readonly type: 'major' | 'minor';
  readonly execution: 'sync';
  readonly flavor?: 'last-resort' | 'regular';
}) => void;

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

/** So much garbage comes together before it is collected, bytes, or this share of what is in use: to look through all of that takes its time. */
const [GROWTH_BYTES, GROWTH] = [12 * 1024 * 1024, 0.25];
/**
 * Where the heap is smaller than this, and holds so much more than what is in use, in pages that are used in part, it is made dense, bytes:
 * that takes three times as long.
 */
const [LARGE_HEAP_BYTES, SPARSE_BYTES] = [100 * 1024 * 1024, 12 * 1024 * 1024];

/** Small buffers are cut out of a pool of this size, bytes, which stays as long as one of them does; the engine's has 64 kB. */
const POOL_BYTES = 8192;

/** Whoever takes much in one turn of the event loop, in which nothing else is heard of collections, asks whether garbage is to be collected. */
export let lookForGarbage = () => {};

/** What is large, and how much of that is worth a collection before another is made, and at once; bytes. */
const [LARGE_BYTES, WORTHWHILE_BYTES, MUCH_BYTES] = [4 * 1024 * 1024, 8 * 1024 * 1024, 16 * 1024 * 1024];

/**
 * Whoever makes a buffer of that size, bytes, has the garbage collected before where both together are more than a node keeps: large
 * ones are mostly let go of soon, and the engine would let 64 MB of them pile up, besides what else is garbage.
 */
export let makeRoomFor = (_bytes: number) => {};

/** Whoever lets go of what took that much, bytes, has the garbage collected where several such things have come together. */
export let letGoOf = (_bytes: number) => {};

/** The most garbage that works may make besides, bytes, and for how long after its end a work still makes some, ms. */
const [MOST_EXPECTED_BYTES, AFTERMATH_MS] = [40 * 1024 * 1024, 3000];
let [expectedBytes, aftermathBytes, aftermathUntil] = [0, 0, 0];

/**
 * A work begins that will make so much garbage of this thread, bytes, and is over, but for what it leaves others to do, when this is
 * disposed: to collect that in its midst, again and again, takes as long as half of the work.
 */
export function expectGarbage(bytes: number): Disposable {
  expectedBytes += bytes;
  return {
    [Symbol.dispose]: () => {
      expectedBytes -= bytes;
      aftermathBytes = Math.max(bytes, aftermath());
      aftermathUntil = performance.now() + AFTERMATH_MS;
    },
  };
}

function aftermath(): number {
  return performance.now() < aftermathUntil ? aftermathBytes : 0;
}

/**
 * Has the engine collect the garbage of this thread, until it is disposed, when its heap has grown by 12 MB, or a quarter, over the least
 * that was in use since it last did, and by `usualBytes` over what was in use at first: else it lets what survives its young generation
 * grow to four times what is in use before it looks, some 150 MB in a flood. Looks after each collection of young objects, which idle
 * nodes have none of, and where it is asked to. To save memory all the time would cost a third of the speed. `moreBytes`: what may come
 * together besides, for a work that is as large; then the engine does not save memory either, else it would look again when a quarter has come.
 */
export function keepGarbageSmall(usualBytes: number, moreBytes: () => number = () => 0): Disposable {
  Buffer.poolSize = POOL_BYTES;
  if ((globalThis as { Bun?: unknown }).Bun !== undefined) return { [Symbol.dispose]: () => {} };
  const collect = engineCollector();
  const usual = heapSize().used + usualBytes;
  let before = usual;
  const look = () => {
    const { used } = heapSize();
    before = Math.min(before, used);
    const growth = Math.max(GROWTH_BYTES, GROWTH * before);
    const more = moreBytes() + Math.min(MOST_EXPECTED_BYTES, expectedBytes + aftermath());
    if (used < Math.max(usual, before + growth) + more) return;
    const isSmall = 4 * more < growth;
    if (isSmall) setFlagsFromString('--memory-saver-mode');
    collect({ type: 'major', execution: 'sync', flavor: 'regular' });
    setFlagsFromString('--no-memory-saver-mode');
    const left = heapSize();
    if (isSmall && left.held < LARGE_HEAP_BYTES && left.held - left.used > SPARSE_BYTES)
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    before = heapSize().used;
  };
  let [made, gone] = [0, 0];
  const collectLarge = (flavor: 'last-resort' | 'regular') => {
    collect({ type: 'major', execution: 'sync', flavor });
    [made, gone, before] = [0, 0, heapSize().used];
  };
  makeRoomFor = (bytes) => {
    if (bytes < LARGE_BYTES) return;
    const { used } = heapSize();
    // What was in use when it was looked last may be garbage by now.
    if (Math.max(made, used - before) >= WORTHWHILE_BYTES && used + bytes > usual) collectLarge('regular');
    made += bytes;
  };
  letGoOf = (bytes) => {
    if (bytes >= LARGE_BYTES) gone += bytes;
    if (gone >= MUCH_BYTES) collectLarge('last-resort');
  };
  const observer = new PerformanceObserver(look);
  observer.observe({ type: 'gc' });
  lookForGarbage = look;
  return {
    [Symbol.dispose]: () => {
      observer.disconnect();
      [lookForGarbage, makeRoomFor, letGoOf] = [() => {}, () => {}, () => {}];
    },
  };
}

function heapSize(): { readonly used: number; readonly held: number } {
  const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics();
  return { used: used_heap_size + external_memory, held: total_heap_size + external_memory };
}

let collectOf: CollectGarbage | undefined;

/** The engine shows it to contexts that are made from then on: one is enough, as each takes a millisecond and some 100 kB. */
function engineCollector(): CollectGarbage {
  setFlagsFromString('--expose-gc');
  collectOf ??= runInNewContext('gc') as CollectGarbage;
  return collectOf;
}
