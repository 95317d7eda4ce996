import type { Clock } from '../../lib/clock.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';

interface TurnOptions {
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'after'>;
  /** How long others are waited for, ms. */
  readonly patienceMs: number;
  /** Called where others are before it. */
  onWait(): void;
}

/** A turn lasts until it is disposed of. */
interface Turn extends Disposable {
  readonly hasWaited: boolean;
}

/**
 * Lets the copies of this node to one file of another go one after the other. Two at once, as where somebody who broke off a
 * command gives it again, would each bring the whole; behind the first the second finds there what that has brought.
 */
export class CopyTurns {
  readonly #lock = new KeyedLock();

  /** Resolves when the copies before have ended, or are waited for no longer. Rejects with the reason of the signal. */
  async take(
    node: string,
    target: string,
    { signal, clock, patienceMs, onWait }: TurnOptions,
  ): Promise<Turn> {
    const key = `${node} ${target}`;
    const hasWaited = this.#lock.isTaken([key]);
    let isOver = false;
    let release: (() => void) | undefined;
    const taken = this.#lock.acquire([key]).then((free) => {
      release = free;
      if (isOver) free();
    });
    const dispose = () => {
      isOver = true;
      release?.();
    };
    const turn = { hasWaited, [Symbol.dispose]: dispose };
    if (!hasWaited) {
      await taken;
      return turn;
    }
    onWait();
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => reject(signal.reason);
    const cancel = clock.after(patienceMs, resolve);
    signal.addEventListener('abort', stop);
    try {
      signal.throwIfAborted();
      await Promise.race([taken, over]);
      return turn;
    } catch (error) {
      dispose();
      throw error;
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }
}
