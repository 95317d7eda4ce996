import { ApiError } from '../../../client/api-error.ts';
import { followEvents } from '../../../client/follow-events.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { ApiEvent } from '../../../contract/events.ts';
import type { NodeSummary } from '../../../contract/nodes.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import { pause } from '../../../lib/pause.ts';

/** Takes what a feed tells; a promise makes the feed wait. */
export interface FeedTaker {
  requests(requests: readonly RequestSummary[]): void | Promise<void>;
  output(piece: Extract<ApiEvent, { type: 'output' }>): void | Promise<void>;
  nodes(nodes: readonly NodeSummary[]): void;
  /** The node could not be asked for a while, or can be again: then all is read anew. */
  connection?(fault: string | undefined): void;
}

/** What people hear of the connection: what cut it, or that it is there again. */
export function connectionWords(fault: string | undefined): string {
  return fault === undefined ? 'the node answers again' : `${fault}; trying again`;
}

/** What is followed; without batch and id, all that the types and nodes mean. */
export interface FeedOptions {
  readonly batch?: string;
  readonly id?: string;
  readonly node?: readonly string[];
  readonly types: readonly ApiEvent['type'][];
  readonly signal: AbortSignal;
}

const PAGE = 1000;
const READ_EVERY_MS = 1000;

/** Faults that another attempt does not mend. */
const LASTING: ReadonlySet<string> = new Set(['unauthorized', 'bad-request', 'not-found']);

/** Whether a fault is one of the connection or of the node, so that trying again may help. */
export function isPassing(error: unknown): error is ApiError {
  return error instanceof ApiError && !LASTING.has(error.code);
}

/**
 * What happens to the requests of a batch. Where the connection breaks, or the node is started anew, it is followed again
 * as soon as the node answers, and all its requests are read, so that nothing is missed.
 */
export class BatchFeed {
  readonly #api: StewardApi;
  readonly #options: FeedOptions;
  protected taker: FeedTaker | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #wasReady = false;
  /** Whether the node cannot be asked, which is told once. */
  #isCut = false;
  #readAt = -Infinity;
  #isReadDue = false;

  constructor(api: StewardApi, options: FeedOptions, taker?: FeedTaker) {
    this.#api = api;
    this.#options = options;
    this.taker = taker;
    // `follow` throws it too.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when nothing is missed from then on; rejects where the node cannot be asked. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Follows until the signal is aborted. Throws where that makes no sense any more. */
  async follow(): Promise<void> {
    const { signal, types, ...filter } = this.#options;
    try {
      await followEvents(
        this.#api,
        {
          filter: { ...filter, type: types },
          pausesMs: [100, 2000],
          event: (event) => (event.type === 'hello' ? this.#begin() : this.#tell(event)),
          broken: this.#broken,
        },
        signal,
      );
      this.#ready.resolve();
    } catch (error) {
      this.#ready.reject(error);
      throw error;
    }
  }

  readonly #broken = (error: Error): void => {
    if (!isPassing(error) || !this.#wasReady) throw error;
    if (!this.#isCut) this.taker?.connection?.(error.message);
    this.#isCut = true;
  };

  async #begin(): Promise<void> {
    this.#isCut = false;
    if (this.#wasReady) {
      if (this.#options.types.includes('nodes')) this.taker?.nodes(await this.#api.nodes());
      this.taker?.connection?.(undefined);
      await this.#readAll();
    }
    this.#wasReady = true;
    this.#ready.resolve();
  }

  async #tell(event: ApiEvent): Promise<void> {
    if (event.type === 'requests') await this.taker?.requests(event.requests);
    else if (event.type === 'output') await this.taker?.output(event);
    else if (event.type === 'nodes') this.taker?.nodes(event.nodes);
    else if (event.type === 'many') await this.#readSoon();
  }

  /** Reads again, but not more often than each second: among many, much changes many times. */
  async #readSoon(): Promise<void> {
    const waitMs = this.#readAt + READ_EVERY_MS - performance.now();
    if (waitMs <= 0) return await this.#readAll();
    if (this.#isReadDue) return;
    this.#isReadDue = true;
    pause(waitMs, this.#options.signal)
      .then(() => {
        this.#isReadDue = false;
        return this.#options.signal.aborted ? undefined : this.#readAll();
      })
      // Where the node cannot be asked, the stream of events breaks too, and all is read after that.
      .catch(() => {});
  }

  /** Reads the requests that are followed; of all requests of a node nobody wants to read the old ones. */
  async #readAll(): Promise<void> {
    const { batch, id } = this.#options;
    this.#readAt = performance.now();
    if (batch !== undefined) await this.taker?.requests(await requestsOf(this.#api, batch));
    else if (id !== undefined) await this.taker?.requests([await this.#api.request(id)]);
  }
}

/** A feed that is followed from the beginning on, also before anybody takes what it tells. */
export class FollowedBatch extends BatchFeed implements AsyncDisposable {
  readonly #over: AbortController;
  readonly #following: Promise<void>;
  #onFault: () => void = () => {};
  /** What ended the following, where something did. */
  fault: { readonly error: unknown } | undefined;

  constructor(api: StewardApi, options: Omit<FeedOptions, 'signal'>) {
    const over = new AbortController();
    super(api, { ...options, signal: over.signal });
    this.#over = over;
    this.#following = this.follow().catch((error: unknown) => {
      this.fault = { error };
      this.#onFault();
    });
  }

  /** Begins to take; resolves when nothing is missed from then on, rejects where the node cannot be asked. */
  attach(taker: FeedTaker, onFault: () => void): Promise<void> {
    this.taker = taker;
    this.#onFault = onFault;
    return this.ready;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#following;
  }
}

/** All requests of a batch, in the order in which they were made. */
export async function requestsOf(api: StewardApi, batch: string): Promise<RequestSummary[]> {
  const all: RequestSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.requests({ batch, limit: PAGE, cursor });
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return all.reverse();
}
