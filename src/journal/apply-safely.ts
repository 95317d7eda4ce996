import { isTemporary } from '../lib/temporary-error.ts';
import type { Incoming, Outcome } from '../message/method-work.ts';
import type { EffectMethod } from './journal-deps.ts';

/** Applies effects; an unexpected fault of the method is the messages' end, not the lane's. */
export async function applySafely(
  method: EffectMethod,
  incoming: readonly Incoming[],
  intend: (note: string) => Promise<void>,
): Promise<Outcome[]> {
  try {
    return await method.apply(incoming, intend);
  } catch (error) {
    if (isTemporary(error)) throw error;
    return incoming.map(() => ({
      ok: false,
      reason: `${method.name} failed unexpectedly: ${(error as Error).message}`,
    }));
  }
}
