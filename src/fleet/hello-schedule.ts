import type { Clock } from '../lib/clock.ts';

/** How often an original central node is told, and one of which nothing is known yet, ms. */
export const ORIGINAL_HELLO_MS = 30_000;
/** How long a central node is taken for an original one because nothing is known of it, ms. */
const UNKNOWN_MS = 600_000;

interface HelloDeps {
  readonly clock: Pick<Clock, 'every' | 'steadyNow'>;
  /** Whether the central node is an original one; undefined where that is not known. */
  isOriginal(): boolean | undefined;
  hello(): void;
}

/** Says hello again and again: as often as an original central node expects it, else every `intervalMs`. Returns what ends that. */
export function repeatHello(intervalMs: number, { clock, isOriginal, hello }: HelloDeps): () => void {
  const beganAt = clock.steadyNow();
  let saidAt = beganAt;
  return clock.every(Math.min(intervalMs, ORIGINAL_HELLO_MS), () => {
    const now = clock.steadyNow();
    const isOften = isOriginal() ?? now - beganAt < UNKNOWN_MS;
    // A timer is a little early at times.
    if (now - saidAt < (isOften ? Math.min(intervalMs, ORIGINAL_HELLO_MS) : intervalMs) - 1000) return;
    saidAt = now;
    hello();
  });
}
