import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type CollectGarbage = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

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
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as CollectGarbage;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/**
 * Has the engine keep little garbage from now on: else it lets what survives its young generation grow to twice what is in use
 * and more before it looks, some 150 MB in a flood. That costs a few percent of processor time, and what starts more, so it is
 * for processes that stay.
 */
export function keepGarbageSmall(): void {
  if ((globalThis as { Bun?: unknown }).Bun === undefined) setFlagsFromString('--memory-saver-mode');
}
