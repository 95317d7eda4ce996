import type { Clock } from '../lib/clock.ts';

/** How long a central node is taken for an original one because nothing is known of it, ms. */
const UNKNOWN_MS = 600_000;

interface HelloDeps {
  readonly clock: Pick<Clock, 'every' | 'steadyNow'>;
  /** How often an original central node is told, and one of which nothing is known yet, ms. */
  readonly originalMs: number;
  /** Whether the central node is an original one; undefined where that is not known. */
  isOriginal(): boolean | undefined;
  /** How often at most while the budget of the link is used up, ms; as usual where it is not. */
  savingMs(): number;
  hello(): void;
}

/** Says hello again and again: as often as an original central node expects it, else every `intervalMs`, while `savingMs` says nothing else. Returns what ends that. */
export function repeatHello(
  intervalMs: number,
  { clock, originalMs, isOriginal, savingMs, hello }: HelloDeps,
): () => void {
  const beganAt = clock.steadyNow();
  let saidAt = beganAt;
  return clock.every(Math.min(intervalMs, originalMs), () => {
    const now = clock.steadyNow();
    const isOften = isOriginal() ?? now - beganAt < UNKNOWN_MS;
    // A timer is a little early at times.
    const usualMs = isOften ? Math.min(intervalMs, originalMs) : intervalMs;
    const everyMs = Math.max(usualMs, savingMs() > intervalMs ? savingMs() : 0);
    if (now - saidAt < everyMs - 1000) return;
    saidAt = now;
    hello();
  });
}
