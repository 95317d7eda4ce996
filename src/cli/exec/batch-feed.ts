import { setTimeout as delay } from 'node:timers/promises';
import type { StewardApi } from '../../client/steward-api.ts';
import type { ApiEvent, EventFilter } from '../../contract/events.ts';
import type { NodeSummary } from '../../contract/nodes.ts';
import type { RequestSummary } from '../../contract/requests.ts';

/** Takes what a feed tells; a promise makes the feed wait. */
export interface FeedTaker {
  requests(requests: readonly RequestSummary[]): void | Promise<void>;
  output(piece: Extract<ApiEvent, { type: 'output' }>): void | Promise<void>;
  nodes(nodes: readonly NodeSummary[]): void;
  /** The node could not be asked for a while, or can be again: then all is read anew. */
  connection?(fault: string | undefined): void;
}

/** What happens to the requests of a batch, told until the signal is aborted. */
export interface BatchFeed {
  /** Resolves when nothing is missed from then on; rejects where the node cannot be asked. */
  readonly ready: Promise<void>;
  /** Rejects where following makes no sense any more; resolves after the signal. */
  readonly ended: Promise<void>;
}

interface FeedOptions {
  readonly batch: string;
  readonly types: EventFilter['types'];
  readonly signal: AbortSignal;
}

const PAGE = 1000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Faults that another attempt does not mend. */
const LASTING = new Set(['unauthorized', 'bad-request', 'not-found']);

/**
 * Follows a batch. Where the connection breaks, or the node is started anew, it is followed again as soon as the node
 * answers, and all its requests are read, so that nothing is missed.
 */
export function followBatch(api: StewardApi, options: FeedOptions, taker: FeedTaker): BatchFeed {
  const ready = Promise.withResolvers<void>();
  const ended = follow(api, options, taker, ready.resolve);
  ended.then(ready.resolve, ready.reject);
  // Who waits for `ended` hears of it there.
  ready.promise.catch(() => {});
  return { ready: ready.promise, ended };
}

async function follow(
  api: StewardApi,
  options: FeedOptions,
  taker: FeedTaker,
  onReady: () => void,
): Promise<void> {
  const { signal } = options;
  let wasReady = false;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const event of api.events({ types: options.types, batch: options.batch }, signal)) {
        if (event.type !== 'hello') await tell(event, api, options, taker);
        else if (wasReady) await readAgain(api, options, taker);
        if (event.type === 'hello') {
          wasReady = true;
          pauseMs = FIRST_PAUSE_MS;
          onReady();
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = error as Error & { code?: string };
      if (code === undefined || LASTING.has(code) || !wasReady) throw error;
      taker.connection?.(message);
    }
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

async function tell(event: ApiEvent, api: StewardApi, options: FeedOptions, taker: FeedTaker): Promise<void> {
  if (event.type === 'requests') await taker.requests(event.requests);
  else if (event.type === 'output') await taker.output(event);
  else if (event.type === 'nodes') taker.nodes(event.nodes);
  else if (event.type === 'many') await taker.requests(await requestsOf(api, options.batch));
}

async function readAgain(api: StewardApi, options: FeedOptions, taker: FeedTaker): Promise<void> {
  if (options.types?.includes('nodes')) taker.nodes(await api.nodes());
  await taker.requests(await requestsOf(api, options.batch));
  taker.connection?.(undefined);
}

/** All requests of a batch, in the order in which they were made. */
export async function requestsOf(api: StewardApi, batch: string): Promise<RequestSummary[]> {
  const all: RequestSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.requests({ batch }, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return all.reverse();
}
