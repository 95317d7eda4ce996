import type { StewardApi } from '../../client/steward-api.ts';
import type { ErrorLine } from '../../contract/nodes.ts';
import { pause } from '../../lib/pause.ts';
import { connectionWords, isPassing } from '../fleet/exec/batch-feed.ts';

/** How many lines a node is asked for at most. */
export const MOST_LINES = 1000;

const RETRY_MS = 500;

interface ErrorFeedOptions {
  readonly filter: { readonly limit: number; readonly node?: string | undefined };
  write(lines: readonly ErrorLine[]): void;
  /** Takes a sentence about the connection. */
  note(text: string): void;
}

/** The errors there are, and then those that come; what came while the node could not be asked is read afterwards. */
export class ErrorFeed {
  readonly #api: StewardApi;
  readonly #options: ErrorFeedOptions;
  #last: string | undefined;
  #state: 'new' | 'open' | 'cut' = 'new';

  constructor(api: StewardApi, options: ErrorFeedOptions) {
    this.#api = api;
    this.#options = options;
  }

  /** Follows until the signal is aborted. Throws where the node cannot be asked at first, or does not allow it. */
  async follow(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await pause(RETRY_MS, signal)) {
      try {
        await this.#followOnce(signal);
      } catch (error) {
        if (!signal.aborted) this.#passOver(error);
      }
    }
  }

  async #followOnce(signal: AbortSignal): Promise<void> {
    const { node } = this.#options.filter;
    for await (const event of this.#api.events({ type: ['errors'] }, signal)) {
      if (event.type === 'hello') await this.#begin();
      if (event.type === 'errors') this.#print(event.lines.filter((one) => (node ?? one.node) === one.node));
    }
  }

  async #begin(): Promise<void> {
    const { filter, note } = this.#options;
    if (this.#state === 'cut') note(connectionWords(undefined));
    if (this.#state === 'new') this.#print(await this.#api.errors(filter));
    else {
      const lines = await this.#api.errors({ ...filter, limit: MOST_LINES });
      this.#print(lines.slice(lines.findLastIndex(({ line }) => line === this.#last) + 1));
    }
    this.#state = 'open';
  }

  #print(lines: readonly ErrorLine[]): void {
    this.#last = lines.at(-1)?.line ?? this.#last;
    this.#options.write(lines);
  }

  #passOver(error: unknown): void {
    if (!isPassing(error) || this.#state === 'new') throw error;
    if (this.#state === 'open') this.#options.note(connectionWords(error.message));
    this.#state = 'cut';
  }
}
