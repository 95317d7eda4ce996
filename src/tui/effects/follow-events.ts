import type { StewardApi } from '../../client/steward-api.ts';
import type { ApiEvent, EventFilter } from '../../contract/events.ts';
import { pause } from '../../lib/pause.ts';
import type { Action } from '../state/actions.ts';

interface FollowDeps {
  readonly api: StewardApi;
  dispatch(action: Action): void;
}

const TYPES = ['hello', 'requests', 'many', 'nodes', 'errors'] as const;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

/** Follows all that changes until the signal is aborted; where the connection breaks it tries again and again. */
export async function followEvents({ api, dispatch }: FollowDeps, signal: AbortSignal): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const onEvent = (event: ApiEvent): void => {
      waitMs = FIRST_WAIT_MS;
      dispatch(event.type === 'hello' ? { type: 'linked' } : { type: 'event', event });
    };
    const reason = await untilBroken(api, onEvent, signal);
    if (signal.aborted) return;
    dispatch({ type: 'link-lost', reason });
    await pause(waitMs, signal);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
}

/** Hands on events as long as they come, and says why they end. */
async function untilBroken(
  api: StewardApi,
  onEvent: (event: ApiEvent) => void,
  signal: AbortSignal,
): Promise<string> {
  try {
    for await (const event of api.events({ type: TYPES }, signal)) {
      if (signal.aborted) break;
      onEvent(event);
    }
    return 'the node ended the connection';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Follows the output of one request at a time, as it is shown. */
export class OutputFollower implements Disposable {
  readonly #deps: FollowDeps;
  #id: string | null = null;
  #stop = new AbortController();

  constructor(deps: FollowDeps) {
    this.#deps = deps;
  }

  /** Follows this request's output and lets go of the one before; null follows none. */
  follow(id: string | null): void {
    if (id === this.#id) return;
    this.#id = id;
    this.#stop.abort();
    this.#stop = new AbortController();
    if (id !== null) void this.#run({ id, type: ['output'] }, this.#stop.signal);
  }

  [Symbol.dispose](): void {
    this.follow(null);
  }

  async #run(filter: EventFilter, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#deps.api.events(filter, signal)) {
        if (signal.aborted) return;
        if (event.type === 'output') this.#deps.dispatch({ type: 'event', event });
      }
    } catch {
      // The connection is lost, of which the other stream tells too; what was missed is read when it is back.
    }
    if (!signal.aborted) this.#id = null;
  }
}
