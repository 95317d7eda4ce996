import { join } from 'node:path';
import { ApiClient } from '../../src/client/api-client.ts';
import type { ApiEvent, EventFilter } from '../../src/contract/events.ts';
import { isEnd } from '../../src/contract/states.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import type { StewardNode } from './node.ts';
import { waitFor } from './wait-for.ts';

/** The path of a node's API socket. */
export function apiSocketOf(node: StewardNode): string {
  return join(node.folder, 'tmp/stew.sock');
}

/** A client of a node's API, for as long as the test lasts. */
export function apiOf(node: StewardNode, scope: TestScope): ApiClient {
  return disposeAfter(scope, new ApiClient({ socketPath: apiSocketOf(node) }));
}

/** Events as they come; `ended` resolves with what ended them, undefined for the end of the test. */
export interface FollowedEvents {
  readonly events: readonly ApiEvent[];
  readonly ended: Promise<Error | undefined>;
}

/** Follows events until the test ends, and returns once the first one has come. */
export async function followEvents(
  api: ApiClient,
  scope: TestScope,
  filter: EventFilter = {},
): Promise<FollowedEvents> {
  const stop = new AbortController();
  const events: ApiEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of api.events(filter, stop.signal)) events.push(event);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  })();
  disposeAfter(scope, {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  });
  await waitFor('the first event', () => events.length > 0);
  return { events, ended };
}

/** Waits until every request of a batch has ended, and returns them, the oldest first. */
export async function endedRequests(api: ApiClient, batch: string, timeoutMs = 20_000) {
  return waitFor(
    `the requests of batch ${batch} to end`,
    async () => {
      const { items } = await api.requests({ batch, limit: 1000 });
      return items.length > 0 && items.every(({ state }) => isEnd(state)) && items.toReversed();
    },
    { timeoutMs },
  );
}
