/** How often a monitor of the event loop looks, ms. */
export const LOOP_RESOLUTION_MS = 10;

/** Node.js measures from tick to tick, so its own interval is not a delay; the other engine leaves it out itself. */
const TICK_MS = process.versions.bun === undefined ? LOOP_RESOLUTION_MS : 0;

/** How late the event loop was, ms, by a value of `monitorEventLoopDelay` in nanoseconds; 0 where it has none yet. */
export function lateMs(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - TICK_MS) : 0;
}
