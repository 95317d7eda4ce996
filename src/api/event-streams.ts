import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Operations } from '../contract/contract.ts';
import type { EventFilter } from '../contract/events.ts';
import { EventStream } from './event-stream.ts';
import { FollowedEvents, frameOf, readEventId } from './followed-events.ts';
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
