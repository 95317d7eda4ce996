import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Operations } from '../contract/contract.ts';
import type { ApiEvent, EventFilter } from '../contract/events.ts';
import { newId } from '../lib/new-id.ts';
import { EventStream } from './event-stream.ts';
import { RefusedError } from './refusal.ts';

/** How many clients may follow events, and how much of what they do not read is kept. */
export interface EventStreamOptions {
  readonly heartbeatMs?: number;
  readonly maxStreams?: number;
  readonly maxUnreadBytes?: number;
  /** How much of it is kept for all clients together. */
  readonly maxTotalUnreadBytes?: number;
  /** How long a client that is cut off may take to come back and miss nothing, ms. */
  readonly resumeMs?: number;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULTS = {
  heartbeatMs: 15_000,
  maxStreams: 200,
  maxUnreadBytes: 4 * MEBIBYTE,
  maxTotalUnreadBytes: 64 * MEBIBYTE,
  resumeMs: 120_000,
};

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The clients that follow what changes, as server-sent events. */
export class EventStreams implements Disposable {
  readonly #options: typeof DEFAULTS;
  readonly #streams = new Set<EventStream>();
  /** Those whose clients may come back after a cut, by their ids. */
  readonly #followed = new Map<string, FollowedEvents>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: EventStreamOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams) stream.comment('still here');
    }, this.#options.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Sends events until the client leaves, does not read, or the streams are disposed. Throws RefusedError. */
  async serve(
    { request, response }: Exchange,
    filter: EventFilter,
    operations: Pick<Operations, 'events'>,
  ): Promise<void> {
    const { maxStreams } = this.#options;
    if (this.#streams.size >= maxStreams) {
      const reason = `${maxStreams} clients follow events already: try again later`;
      throw new RefusedError({ status: 503, reason, headers: { 'Retry-After': '5' } });
    }
    const stream = new EventStream(response, () => this.#isTooMuch(stream));
    this.#streams.add(stream);
    try {
      // Browsers say what they want, and come back for what they missed.
      if (request.headers.accept !== 'text/event-stream') {
        using _ = operations.events(filter, (event) => stream.write(frameOf(event)));
        await stream.ended;
      } else {
        const followed = this.#resumed(request, stream, filter) ?? this.#follow(stream, filter, operations);
        await stream.ended;
        followed.left(stream);
      }
    } finally {
      this.#streams.delete(stream);
      // What was refused is answered as a fault instead.
      if (response.headersSent) stream.end('the node could not go on');
    }
  }

  #resumed(request: IncomingMessage, stream: EventStream, filter: EventFilter): FollowedEvents | undefined {
    const last = readEventId(request.headers['last-event-id']);
    const followed = last === undefined ? undefined : this.#followed.get(last.id);
    if (followed?.resume(stream, last!.after, filter) === true) return followed;
    followed?.[Symbol.dispose]();
    return undefined;
  }

  #follow(stream: EventStream, filter: EventFilter, operations: Pick<Operations, 'events'>): FollowedEvents {
    const { resumeMs, maxStreams } = this.#options;
    const onOver = () => void this.#followed.delete(followed.id);
    const followed = new FollowedEvents(stream, { filter, operations, resumeMs, onOver });
    this.#followed.set(followed.id, followed);
    // Of those who are gone the first to have begun is forgotten first.
    if (this.#followed.size > maxStreams) {
      const gone = [...this.#followed.values()].find(({ isLeft }) => isLeft);
      gone?.[Symbol.dispose]();
    }
    return followed;
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
    for (const followed of [...this.#followed.values()]) followed[Symbol.dispose]();
    for (const stream of this.#streams) stream.end('the node is stopping');
  }
}

/** The most bytes of frames that are kept for a client that comes back. */
const MAX_KEPT_BYTES = 64 * 1024;
/** How soon a browser connects again after a cut, ms. */
const RETRY_MS = 1000;

interface FollowedOptions {
  readonly filter: EventFilter;
  readonly operations: Pick<Operations, 'events'>;
  /** How long a client that is cut off may take to come back, ms. */
  readonly resumeMs: number;
  /** Called once, when nobody can come back to it any more. */
  onOver(): void;
}

/**
 * Events of one client over one connection after the other. Each event has an id, and the last ones are kept, so that a client
 * that was cut off goes on behind the last one it got.
 */
class FollowedEvents implements Disposable {
  readonly id = newId();
  readonly #options: FollowedOptions;
  readonly #filter: string;
  readonly #kept: { readonly number: number; readonly frame: string }[] = [];
  readonly #source: Disposable;
  #keptBytes = 0;
  #last = 0;
  #stream: EventStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** Begins on a connection. Throws what the operation refuses. */
  constructor(stream: EventStream, options: FollowedOptions) {
    this.#options = options;
    this.#filter = JSON.stringify(options.filter);
    this.#stream = stream;
    this.#source = options.operations.events(options.filter, this.#take);
  }

  /** Whether its client is gone, and may come back. */
  get isLeft(): boolean {
    return this.#stream === undefined;
  }

  /** Goes on over a new connection behind the event of this number; false where that is not kept any more, or for other events. */
  resume(stream: EventStream, after: number, filter: EventFilter): boolean {
    const first = this.#kept[0]?.number ?? this.#last + 1;
    if (after < first - 1 || after > this.#last || JSON.stringify(filter) !== this.#filter) return false;
    clearTimeout(this.#timer);
    this.#stream?.end('the client has connected again');
    this.#stream = stream;
    // Says at once that the connection stands, where there is nothing to catch up with.
    stream.comment('going on');
    for (const { number, frame } of this.#kept) if (number > after) stream.write(frame);
    return true;
  }

  /** A connection has ended: its client may come back. */
  left(stream: EventStream): void {
    if (this.#stream !== stream || this.#isOver) return;
    this.#stream = undefined;
    this.#timer = setTimeout(() => this[Symbol.dispose](), this.#options.resumeMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#source[Symbol.dispose]();
    this.#options.onOver();
  }

  readonly #take = (event: ApiEvent): void => {
    const number = ++this.#last;
    const retry = number === 1 ? `retry: ${RETRY_MS}\n` : '';
    const frame = `${retry}id: ${this.id}.${number}\n${frameOf(event)}`;
    this.#kept.push({ number, frame });
    this.#keptBytes += frame.length;
    while (this.#keptBytes > MAX_KEPT_BYTES) this.#keptBytes -= this.#kept.shift()!.frame.length;
    this.#stream?.write(frame);
  };
}

/** Reads `Last-Event-ID`: which events were followed, and the number of the last one that came; undefined for any other text. */
function readEventId(text: unknown): { id: string; after: number } | undefined {
  const [, id, number] = /^([0-9a-f-]{36})\.(\d{1,15})$/.exec(String(text ?? '')) ?? [];
  return id === undefined ? undefined : { id, after: Number(number) };
}

/** An event as a frame of server-sent events. */
function frameOf(event: ApiEvent): string {
  return `event: ${event.type}\ndata: ${dataOf(event)}\n\n`;
}

function dataOf(event: ApiEvent): string {
  if (event.type === 'requests') return `{"requests":[${event.requests.map(jsonOf).join(',')}]}`;
  if (event.type === 'nodes') return `{"nodes":[${event.nodes.map(jsonOf).join(',')}]}`;
  const { type: _, ...data } = event;
  return JSON.stringify(data);
}

/** Clients with filters of their own get the same requests: each is written out once. */
const written = new WeakMap<object, string>();

function jsonOf(object: object): string {
  const known = written.get(object);
  if (known !== undefined) return known;
  const json = JSON.stringify(object);
  written.set(object, json);
  return json;
}
