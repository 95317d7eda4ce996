import type { Fault } from './faults.ts';
import { type RunOptions, type RunReport, runSeed } from './run.ts';

/**
 * Finds a short list of faults with which a run still fails: leaves out ever smaller parts of the list, as long as that
 * does. `mostMs` limits how long it looks.
 */
export async function shrink(failed: RunReport, options: RunOptions, mostMs: number): Promise<RunReport> {
  const until = performance.now() + mostMs;
  let best = failed;
  let size = Math.ceil(best.faults.length / 2);
  while (size >= 1) {
    let isShorter = false;
    for (let at = 0; at < best.faults.length && performance.now() < until; ) {
      const faults: Fault[] = best.faults.filter((_, index) => index < at || index >= at + size);
      const report = await runSeed(failed.seed, { ...options, faults });
      if (report.failure) {
        best = report;
        isShorter = true;
      } else at += size;
    }
    if (performance.now() >= until || (size === 1 && !isShorter)) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return best;
}
