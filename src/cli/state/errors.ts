import { followEvents } from '../../client/follow-events.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import type { ErrorLine } from '../../contract/nodes.ts';
import { visibleLine } from '../../lib/visible.ts';
import { connectionWords, isPassing } from '../fleet/exec/batch-feed.ts';
import { defineNodeCommand, type Form, listText } from '../fleet/with-node.ts';
import { UsageError } from '../line/command.ts';
import { wholeNumberOption } from '../line/option-values.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { tell } from '../print/tell.ts';

const LAST = 20;

/** `steward errors`: the errors that all nodes reported to the central one. */
export const errors = defineNodeCommand({
  usage: ['errors [options]'],
  about: [
    'Prints the last errors that nodes reported, oldest first, as the central node collected them. Ask the central',
    'node: others know none, unless -startSubREQErrorLog makes them collect errors.',
  ],
  options: {
    follow: { short: 'f', summary: 'go on with those that come, until Ctrl-C' },
    lines: { short: 'n', value: 'COUNT', summary: `how many of the past, default ${LAST}` },
    node: { value: 'NAME', summary: 'of this node alone', completes: 'node' },
  },
  noOperands: 'steward errors --help lists its options',
  examples: [
    { line: 'steward errors', does: `the last ${LAST}` },
    { line: 'steward errors -f --node ship1', does: 'those of ship1, and those to come' },
  ],
  run: async (call) => {
    const { form } = call;
    const { follow, node } = call.options;
    // What is followed has no end that a JSON list could be closed at.
    if (follow === true && form === 'json')
      throw new UsageError('-f prints one thing after the other: give --jsonl instead of --json');
    const limit = wholeNumberOption('lines', call.options.lines, MOST_LINES) ?? LAST;
    const write = (lines: readonly ErrorLine[]) => void call.stdout.write(errorsText(lines, form));
    const api = await call.api();
    const filter = { limit, node };
    if (follow !== true) write(await api.errors(filter));
    else {
      using stopped = untilStopped(call.stdout);
      const note = (text: string) => tell(call.stderr, text);
      await new ErrorFeed(api, { filter, write, note }).follow(stopped.signal);
    }
  },
});

function errorsText(lines: readonly ErrorLine[], form: Form): string {
  return listText(lines, form, () => lines.map(({ line }) => `${visibleLine(line.trimEnd())}\n`).join(''));
}

/** How many lines a node is asked for at most. */
const MOST_LINES = 1000;

interface ErrorFeedOptions {
  readonly filter: { readonly limit: number; readonly node?: string | undefined };
  write(lines: readonly ErrorLine[]): void;
  /** Takes a sentence about the connection. */
  note(text: string): void;
}

/** The errors there are, and then those that come; what came while the node could not be asked is read afterwards. */
class ErrorFeed {
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
    const { node } = this.#options.filter;
    await followEvents(
      this.#api,
      {
        filter: { type: ['errors'] },
        pausesMs: [500, 500],
        event: async (event) => {
          if (event.type === 'hello') await this.#begin();
          if (event.type === 'errors')
            this.#print(event.lines.filter((one) => (node ?? one.node) === one.node));
        },
        broken: this.#passOver,
      },
      signal,
    );
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

  readonly #passOver = (error: Error): void => {
    if (!isPassing(error) || this.#state === 'new') throw error;
    if (this.#state === 'open') this.#options.note(connectionWords(error.message));
    this.#state = 'cut';
  };
}
