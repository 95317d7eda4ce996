import { ByteTurns } from '../../lib/byte-turns.ts';
import { lookForGarbage } from '../../lib/collect-garbage.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { AT_ONCE_BYTES, bytesOf } from './reply-pieces.ts';

const [KB, MB] = [1024, 1024 * 1024];
/** Up to which size replies are small, usual or large, and what those of each kind that are being written down may come to, bytes: on a disk with little room a small one finds some that a larger one waits for. */
const KINDS = [
  [64 * KB, MB],
  [512 * KB, 4 * MB],
  [AT_ONCE_BYTES, 2 * AT_ONCE_BYTES],
] as const;
/** How much is written down between two looks at the garbage, bytes: buffers alone have the engine look after 64 MB. */
const LOOK_BYTES = 2 * MB;

/**
 * The turns in which runs that have ended write their replies down: each is there four times until it is on disk. Until its turn
 * a reply is no longer than its method left it in memory, and a run keeps its place.
 */
export class Endings {
  readonly #kinds = KINDS.map(([upTo, most]) => ({ upTo, turns: new ByteTurns(most) }));
  #unlooked = 0;

  /** Resolves with what is to be called when the reply of a run is written down. */
  async take({ reply, release }: Pick<RunResult, 'reply' | 'release'>): Promise<() => void> {
    const bytes = reply ? Math.min(bytesOf(reply), AT_ONCE_BYTES) : 0;
    const { turns } = this.#kinds.find(({ upTo }) => bytes <= upTo)!;
    if (bytes > 0) await turns.take(bytes);
    return () => {
      if (bytes > 0) turns.release(bytes);
      release?.();
      this.#look(bytes);
    };
  }

  #look(bytes: number): void {
    this.#unlooked += bytes;
    if (this.#unlooked < LOOK_BYTES) return;
    this.#unlooked = 0;
    lookForGarbage();
  }
}
