import { pause } from '../lib/pause.ts';
import type { Statement } from '../store/statement.ts';
import type { Ended, OutboxDeps } from './outbox-deps.ts';

const RETRY_MS = 1000;

interface Ends {
  readonly statements: readonly Statement[];
  readonly ended: readonly Ended[];
  /** All messages that come to a new state by this. */
  readonly changed: readonly { readonly id: string }[];
}

/** Writes down how messages ended: first for the audit log, then in the database, in the order of the calls. */
export class Finisher implements AsyncDisposable {
  readonly #deps: Pick<OutboxDeps, 'store' | 'onEnded' | 'onWritten' | 'onChanged' | 'logger'>;
  readonly #stop = new AbortController();
  #waiting: Ends[] = [];
  #loop: Promise<void> | undefined;
  #isFailing = false;

  constructor(deps: Pick<OutboxDeps, 'store' | 'onEnded' | 'onWritten' | 'onChanged' | 'logger'>) {
    this.#deps = deps;
  }

  /** Whether ends cannot be written at the moment (a full disk); lanes then send nothing more. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  add(ends: Ends): void {
    this.#waiting.push(ends);
    this.#loop ??= this.#run();
  }

  /** Resolves when all that was added is written, or cannot be. */
  async idle(): Promise<void> {
    while (this.#loop && !this.#isFailing) await Promise.race([this.#loop, pause(50)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.idle();
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that a burst of answers becomes one transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      const ended = taken.flatMap((ends) => ends.ended);
      if (ended.length > 0) await this.#insist(() => this.#deps.onEnded(ended));
      const statements = taken.flatMap((ends) => ends.statements);
      await this.#insist(() => this.#deps.store.write(statements));
      if (ended.length > 0) this.#deps.onWritten?.(ended);
      this.#deps.onChanged?.(taken.map(({ changed }) => changed));
    }
    // Not a moment later: what is added from now on needs a new run.
    this.#loop = undefined;
  }

  /** Does it until it works, or the node stops: what is not written down now is found out again after a restart. */
  async #insist(effect: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await effect();
        this.#isFailing = false;
        return;
      } catch (error) {
        if (!this.#isFailing)
          this.#deps.logger.warn(
            { err: error },
            'the outcome of messages cannot be written down; trying again',
          );
        this.#isFailing = true;
        await pause(RETRY_MS, this.#stop.signal);
      }
    }
  }
}
