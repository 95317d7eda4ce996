import type { Duplex } from 'node:stream';

/** What a stream gave: bytes, its end, nothing in time, an interruption by us, or the end of the connection. */
export type ReadEvent = Uint8Array | 'end' | 'silence' | 'interrupted' | 'gone';

/** Reads a stream on demand, so that it is read no faster than its bytes are dealt with. */
export class StreamReader {
  readonly #stream: Duplex;
  #ended = false;
  #gone = false;
  #interrupted = false;
  #wake: () => void = () => {};

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake());
    stream.on('end', () => this.#mark('ended'));
    stream.on('close', () => this.#mark('gone'));
    // The close event follows; who left early is nobody's fault.
    stream.on('error', () => {});
  }

  /** The next thing that happens, `silence` when nothing does for `timeoutMs`. */
  async next(timeoutMs: number): Promise<ReadEvent> {
    const now = this.#poll();
    if (now !== undefined) return now;
    const { promise, resolve } = Promise.withResolvers<ReadEvent>();
    const timer = setTimeout(resolve, timeoutMs, 'silence');
    this.#wake = () => {
      const event = this.#poll();
      if (event !== undefined) resolve(event);
    };
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = () => {};
    }
  }

  /** Makes this and every later `next` answer `interrupted`. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wake();
  }

  #mark(what: 'ended' | 'gone'): void {
    if (what === 'ended') this.#ended = true;
    else this.#gone = true;
    this.#wake();
  }

  #poll(): ReadEvent | undefined {
    if (this.#interrupted) return 'interrupted';
    const bytes = this.#stream.read() as Uint8Array | null;
    if (bytes !== null) return bytes;
    if (this.#ended) return 'end';
    return this.#gone ? 'gone' : undefined;
  }
}
