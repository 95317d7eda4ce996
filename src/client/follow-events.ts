import type { ApiEvent, EventFilter } from '../contract/events.ts';
import { pause } from '../lib/pause.ts';
import { ApiError } from './api-error.ts';
import type { StewardApi } from './steward-api.ts';

interface Following {
  readonly filter: EventFilter;
  /** How long to wait before the first attempt to connect again; each further wait is twice as long, up to the longest. */
  readonly pausesMs: readonly [first: number, longest: number];
  /** A promise makes the stream wait. */
  event(event: ApiEvent): void | Promise<void>;
  /** The stream broke, or `event` threw; throws where no further attempt is to be made. */
  broken(error: Error): void;
}

/** Follows what happens at a node until the signal is aborted: where the stream breaks, it is opened again. */
export async function followEvents(
  api: Pick<StewardApi, 'events'>,
  { filter, pausesMs: [firstMs, longestMs], event: take, broken }: Following,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = firstMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestMs)) {
    let fault: Error = new ApiError('broken', 'the node ended the connection');
    try {
      for await (const event of api.events(filter, signal)) {
        if (signal.aborted) return;
        waitMs = firstMs;
        await take(event);
      }
    } catch (error) {
      fault = error as Error;
    }
    if (!signal.aborted) broken(fault);
    await pause(waitMs, signal);
  }
}
