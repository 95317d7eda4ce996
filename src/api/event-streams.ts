import type { ServerResponse } from 'node:http';
import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type { ApiDesk } from './desk.ts';
import { RefusedError } from './refusal.ts';

/** How many clients may follow events, and how much of what they do not read is kept. */
export interface EventStreamOptions {
  readonly heartbeatMs?: number;
  readonly maxStreams?: number;
  readonly maxUnreadBytes?: number;
  /** How much of it is kept for all clients together. */
  readonly maxTotalUnreadBytes?: number;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULTS = {
  heartbeatMs: 15_000,
  maxStreams: 200,
  maxUnreadBytes: 4 * MEBIBYTE,
  maxTotalUnreadBytes: 64 * MEBIBYTE,
};
/** How long a client that was cut off may take to read why, ms. */
const LAST_WORD_MS = 1000;
const HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8' };

/** The clients that follow what changes, as server-sent events. */
export class EventStreams implements Disposable {
  readonly #options: typeof DEFAULTS;
  readonly #streams = new Set<EventStream>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: EventStreamOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams) stream.comment('still here');
    }, this.#options.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Sends events until the client leaves, does not read, or the streams are disposed. Throws RefusedError. */
  async serve(response: ServerResponse, filter: EventFilter, desk: ApiDesk): Promise<void> {
    const { maxStreams } = this.#options;
    if (this.#streams.size >= maxStreams) {
      const reason = `${maxStreams} clients follow events already: try again later`;
      throw new RefusedError({ status: 503, reason, headers: { 'Retry-After': '5' } });
    }
    const stream = new EventStream(response, () => this.#isTooMuch(stream));
    this.#streams.add(stream);
    try {
      using _ = desk.events(filter, (event) => stream.send(event));
      await stream.ended;
    } finally {
      this.#streams.delete(stream);
      // What the desk refused is answered as a fault instead.
      if (response.headersSent) stream.end('the node could not go on');
    }
  }

  /**
   * Whether a client has left too much unread: for one or, where all together have, more than any other. Those that
   * read are not cut for those that do not.
   */
  #isTooMuch(stream: EventStream): boolean {
    const { maxUnreadBytes, maxTotalUnreadBytes } = this.#options;
    if (stream.unreadBytes > maxUnreadBytes) return true;
    const open = [...this.#streams].filter(({ isOver }) => !isOver);
    let total = open.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
    if (total <= maxTotalUnreadBytes) return false;
    open.sort((a, b) => b.unreadBytes - a.unreadBytes);
    for (const slowest of open) {
      if (slowest === stream) return true;
      total -= slowest.unreadBytes;
      slowest.cut();
      if (total <= maxTotalUnreadBytes) return false;
    }
    return false;
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) stream.end('the node is stopping');
  }
}

class EventStream {
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

  send(event: ApiEvent): void {
    this.#write(() => frameOf(event));
  }

  comment(text: string): void {
    this.#write(() => `: ${text}\n\n`);
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

  #write(frame: () => string): void {
    if (this.#isOver) return;
    if (this.#isTooMuch()) return this.cut();
    if (!this.#response.headersSent) this.#response.writeHead(200, HEADERS);
    this.#response.write(frame());
  }

  #finish(): void {
    this.#isOver = true;
    this.#ended.resolve();
  }
}

function frameOf(event: ApiEvent): string {
  return `event: ${event.type}\ndata: ${dataOf(event)}\n\n`;
}

function dataOf(event: ApiEvent): string {
  if (event.type === 'requests') return `{"requests":[${event.requests.map(jsonOf).join(',')}]}`;
  if (event.type === 'nodes') return `{"nodes":[${event.nodes.map(jsonOf).join(',')}]}`;
  const { type: _, ...data } = event;
  return JSON.stringify(data);
}

/** Clients with filters of their own are told of the same requests: each is written out once. */
const written = new WeakMap<object, string>();

function jsonOf(object: object): string {
  const known = written.get(object);
  if (known !== undefined) return known;
  const json = JSON.stringify(object);
  written.set(object, json);
  return json;
}
