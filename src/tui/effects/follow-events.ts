import { followEvents } from '../../client/follow-events.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import type { EventFilter } from '../../contract/events.ts';
import type { Action } from '../state/actions.ts';

interface FollowDeps {
  readonly api: StewardApi;
  dispatch(action: Action): void;
}

const TYPES = ['hello', 'requests', 'many', 'nodes', 'errors'] as const;

/** Follows all that changes until the signal is aborted; where the connection breaks it tries again and again. */
export async function followAll({ api, dispatch }: FollowDeps, signal: AbortSignal): Promise<void> {
  await followEvents(
    api,
    {
      filter: { type: TYPES },
      pausesMs: [250, 3000],
      event: (event) => dispatch(event.type === 'hello' ? { type: 'linked' } : { type: 'event', event }),
      broken: ({ message }) => dispatch({ type: 'link-lost', reason: message }),
    },
    signal,
  );
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
