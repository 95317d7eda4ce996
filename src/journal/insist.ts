import { pause } from '../lib/pause.ts';
import type { JournalDeps } from './journal-deps.ts';

const RETRY_MS = 1000;

/**
 * Does it until it works: true; or until the node stops: false. Then the row stays as it is, and is dealt with at the
 * next start.
 */
export async function insist(
  effect: () => Promise<void>,
  { signal, logger }: { signal: AbortSignal; logger: JournalDeps['logger'] },
): Promise<boolean> {
  for (;;) {
    try {
      await effect();
      return true;
    } catch (error) {
      logger.warn({ err: error }, 'the journal cannot be written; trying again');
      if (signal.aborted) return false;
      await pause(RETRY_MS, signal);
    }
  }
}
