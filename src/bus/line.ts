import { whenAborted } from './when-aborted.ts';

const NO_CONNECTION = 'a connection to the broker';

/** Whether a connection is wanted: a line may be hung up, and opened again when somebody calls. */
export class Line {
  #over = new AbortController();
  #opened = Promise.withResolvers<void>();
  #hungUpFor = NO_CONNECTION;

  /** Aborted while no connection is wanted. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** What is waited for while there is no connection, in words. */
  get waitsFor(): string {
    return this.over.aborted ? this.#hungUpFor : NO_CONNECTION;
  }

  /** No connection is wanted any more; `waitsFor` says in words until when. */
  hangUp(waitsFor = NO_CONNECTION): void {
    this.#hungUpFor = waitsFor;
    this.#over.abort();
  }

  /** A connection is wanted again. */
  open(): void {
    if (!this.over.aborted) return;
    this.#over = new AbortController();
    this.#opened.resolve();
    this.#opened = Promise.withResolvers();
  }

  /** Resolves when a connection is wanted, or the signal says that nobody waits any more. */
  async opened(signal: AbortSignal): Promise<void> {
    if (!this.over.aborted) return;
    using stopped = whenAborted(signal);
    await Promise.race([this.#opened.promise, stopped.promise]);
  }
}
