import type { Socket } from 'node:net';

/** Above this many bytes that nobody has taken, the other side is made to wait. */
const HIGH_WATER_BYTES = 256 * 1024;

/** The other side closed the connection. */
export class ClosedError extends Error {
  override name = 'ClosedError';
  readonly code = 'ECONNRESET';
}

/** What comes over a socket, to be taken piece by piece. */
export class ByteSource {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #isEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
      if (this.#bytes > HIGH_WATER_BYTES) socket.pause();
      this.#wake?.();
    });
    socket.on('end', () => this.#end(undefined));
    socket.on('error', this.#end);
    socket.on('close', () => this.#end(undefined));
  }

  /** Whether nothing has come that was not taken. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** The next piece; undefined at the end. Throws the socket's error. */
  async take(): Promise<Buffer | undefined> {
    while (this.#pieces.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const piece = this.#pieces.shift()!;
    this.#bytes -= piece.length;
    if (this.#bytes <= HIGH_WATER_BYTES && this.#socket.isPaused()) this.#socket.resume();
    return piece;
  }

  /** Gives back what was not wanted of a piece. */
  giveBack(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.unshift(piece);
    this.#bytes += piece.length;
  }

  readonly #end = (error: Error | undefined): void => {
    this.#isEnded = true;
    this.#error ??= error;
    this.#wake?.();
  };
}
