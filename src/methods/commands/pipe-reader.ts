import { closeSync } from 'node:fs';
import { Socket } from 'node:net';

/** The end of a pipe that is read as fast as its pieces are taken. Disposing closes it, which ends the iteration. */
export interface PipeReader extends Disposable, AsyncIterable<Uint8Array> {
  /** Whether it was disposed of, rather than read to its end. */
  readonly isClosedHere: boolean;
}

/** What the engine of the single-file program offers to read a pipe; a socket there reads sockets alone. */
interface BunEngine {
  file(descriptor: number): { stream(): ReadableStream<Uint8Array> };
}

/** Takes over the reading end of a pipe, a descriptor that was opened with O_NONBLOCK. */
export function openPipeReader(descriptor: number): PipeReader {
  const { Bun: bun } = globalThis as { Bun?: BunEngine };
  return bun === undefined ? new SocketReader(descriptor) : new StreamReader(descriptor, bun);
}

class SocketReader implements PipeReader {
  readonly #socket: Socket;
  isClosedHere = false;

  constructor(descriptor: number) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: false });
    this.#socket.on('error', () => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return (this.#socket as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  [Symbol.dispose](): void {
    this.isClosedHere ||= !this.#socket.destroyed;
    this.#socket.destroy();
  }
}

class StreamReader implements PipeReader {
  readonly #descriptor: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  isClosedHere = false;

  constructor(descriptor: number, bun: BunEngine) {
    this.#descriptor = descriptor;
    this.#reader = bun.file(descriptor).stream().getReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      yield value;
    }
  }

  [Symbol.dispose](): void {
    if (this.isClosedHere) return;
    this.isClosedHere = true;
    // The stream has a descriptor of its own, which goes with the cancellation.
    this.#reader.cancel().catch(() => {});
    closeSync(this.#descriptor);
  }
}
