import type { Operations } from '../contract/contract.ts';
import type { ApiEvent, EventFilter } from '../contract/events.ts';
import { newId } from '../lib/new-id.ts';
import type { EventStream } from './event-stream.ts';

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
export class FollowedEvents implements Disposable {
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
export function readEventId(text: unknown): { id: string; after: number } | undefined {
  const [, id, number] = /^([0-9a-f-]{36})\.(\d{1,15})$/.exec(String(text ?? '')) ?? [];
  return id === undefined ? undefined : { id, after: Number(number) };
}

/** An event as a frame of server-sent events. */
export function frameOf(event: ApiEvent): string {
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
