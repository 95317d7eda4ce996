import { pause } from '../lib/pause.ts';
import type { JournalDeps } from './journal-deps.ts';

const RETRY_MS = 1000;

/** Does it until it works or the node stops; then the row stays as it is, and is dealt with at the next start. */
export async function insist(
  effect: () => Promise<void>,
  { signal, logger }: { signal: AbortSignal; logger: JournalDeps['logger'] },
): Promise<void> {
  for (;;) {
    try {
      return await effect();
    } catch (error) {
      logger.warn({ err: error }, 'the journal cannot be written; trying again');
      if (signal.aborted) return;
      await pause(RETRY_MS, signal);
    }
  }
}
