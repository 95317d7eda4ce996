import type { ServerResponse } from 'node:http';

/** How long a client that was cut off may take to read why, ms. */
const LAST_WORD_MS = 1000;
const HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8' };

/** One connection over which events are sent. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #isTooMuch: () => boolean;
  readonly #ended = Promise.withResolvers<void>();
  #isOver = false;

  constructor(response: ServerResponse, isTooMuch: () => boolean) {
    this.#response = response;
    this.#isTooMuch = isTooMuch;
    response.once('close', () => this.#finish());
    // The server keeps connections whose other side is closed, for clients that still read; who follows does not.
    response.socket?.once('end', () => response.destroy());
  }

  /** Resolves when nothing more can be sent. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get unreadBytes(): number {
    return this.#response.writableLength;
  }

  comment(text: string): void {
    this.write(`: ${text}\n\n`);
  }

  /** Sends a frame, or cuts off a client that leaves too much unread. */
  write(frame: string): void {
    if (this.#isOver) return;
    if (this.#isTooMuch()) return this.cut();
    if (!this.#response.headersSent) this.#response.writeHead(200, HEADERS);
    this.#response.write(frame);
  }

  /** Ends it for what its client leaves unread. */
  cut(): void {
    this.end('cut off, since what was sent is not read: connect again and read the list');
  }

  /** Says a last word and closes the connection. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#finish();
    this.#response.end(`: ${reason}\n\n`);
    const timer = setTimeout(() => this.#response.destroy(), LAST_WORD_MS);
    this.#response.once('close', () => clearTimeout(timer));
  }

  #finish(): void {
    this.#isOver = true;
    this.#ended.resolve();
  }
}
