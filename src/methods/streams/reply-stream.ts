import type { ByteBudget } from '../../lib/byte-budget.ts';
import { type Clock, systemClock, wait } from '../../lib/clock.ts';
import type { DiskRoom } from '../../lib/disk-room.ts';
import { isTemporary } from '../../lib/temporary-error.ts';
import type { RunCall } from '../../message/method-contract.ts';
import { LineBatches } from './line-batches.ts';

const SMALL_OUTPUT_BYTES = 64 * 1024 * 1024;
const TRY_AGAIN_MS = 1000;

export interface ReplyStreamDeps {
  /** Says when the disk that replies are queued on is nearly full. */
  readonly diskRoom: Pick<DiskRoom, 'shortage'>;
  /** The machine's unless told. */
  readonly clock?: Clock;
  /** The memory that all outputs share; no limit unless given. */
  readonly outputs?: ByteBudget | undefined;
}

/**
 * Sends what a method brings forth as replies while it runs, whole lines in each.
 *
 * While replies can't be queued (the store can't be written, or the disk is nearly full and more than 64 MB were sent)
 * it tries again each second and takes nothing more: the writer waits, and nothing is lost.
 */
export class ReplyStream implements Disposable {
  readonly #call: Pick<RunCall, 'reply' | 'signal'>;
  readonly #deps: ReplyStreamDeps;
  readonly #clock: Clock;
  readonly #batches: LineBatches;
  #bytes = 0;

  constructor(call: Pick<RunCall, 'reply' | 'signal'>, deps: ReplyStreamDeps) {
    this.#call = call;
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.#batches = new LineBatches({ send: this.#send, clock: this.#clock, outputs: deps.outputs });
  }

  /** How much was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a piece of output; resolves when there is room for the next. */
  write(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length;
    return this.#batches.write(piece);
  }

  /** Ends a line that has begun. */
  breakLine(): Promise<void> {
    return this.#batches.breakLine();
  }

  /** The fields of the method's result: how much came, and the last reply where there is something left for it. */
  async end(): Promise<{ readonly outputBytes: number; readonly reply?: Uint8Array }> {
    const rest = await this.#batches.end();
    return { outputBytes: this.#bytes, ...(rest.length > 0 && { reply: rest }) };
  }

  [Symbol.dispose](): void {
    this.#batches[Symbol.dispose]();
  }

  readonly #send = async (data: Uint8Array): Promise<void> => {
    const { reply, signal } = this.#call;
    for (;;) {
      const isLastAttempt = signal.aborted;
      if (isLastAttempt || !(await this.#isShort())) {
        try {
          return await reply(data);
        } catch (error) {
          if (isLastAttempt || !isTemporary(error)) throw error;
        }
      }
      await wait(this.#clock, TRY_AGAIN_MS, signal);
    }
  };

  async #isShort(): Promise<boolean> {
    return this.#bytes > SMALL_OUTPUT_BYTES && (await this.#deps.diskRoom.shortage()) !== undefined;
  }
}
