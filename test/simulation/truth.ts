import type { Timeline } from './timeline.ts';

/** What really became of a request's command. */
export interface RunTruth {
  readonly node: string;
  readonly id: string;
  readonly token: string;
  readonly starts: number[];
  readonly ends: { readonly at: number; readonly how: number | 'killed' }[];
}

/** What somebody asks for who has the key of a node is known by that. */
export const EVIL = 'evil';

/** A part of the promise is broken. */
export class BrokenPromise extends Error {
  override name = 'BrokenPromise';
}

/** What happened in the simulated world, whatever the nodes say of it. */
export class Truth {
  readonly runs = new Map<string, RunTruth>();
  /** The methods that any node was asked for, and did something about. */
  readonly methods = new Set<string>();
  readonly #timeline: Timeline;
  /** Whether a request may run again: a schedule, or what a restored backup brought back. */
  readonly #mayRepeat: (run: RunTruth) => boolean;

  constructor(timeline: Timeline, deps: { mayRepeat(run: RunTruth): boolean }) {
    this.#timeline = timeline;
    this.#mayRepeat = (run) => deps.mayRepeat(run);
  }

  /** What became of the requests with a token. */
  runsOf(token: string): RunTruth[] {
    return [...this.runs.values()].filter((run) => run.token === token);
  }

  /** A command began. It is a fault where it had begun before. */
  began({ id, node, token }: { id: string; node: string; token: string }): void {
    this.#timeline.note(`${node} begins ${token} (${id})`);
    if (token.startsWith(EVIL)) this.broke(`trust: ${node} ran ${token}, of who has the key of another node`);
    const known = this.runs.get(id) ?? { node, id, token, starts: [], ends: [] };
    this.runs.set(id, known);
    known.starts.push(this.#timeline.now);
    if (known.starts.length > 1 && !this.#mayRepeat(known))
      this.#timeline.fail(new BrokenPromise(`run once: ${token} (${id}) began again at ${node}`));
  }

  /** A part of the promise is broken, as somebody saw. */
  broke(text: string): void {
    this.#timeline.fail(new BrokenPromise(text));
  }

  ended({ id, node, token, how }: { id: string; node: string; token: string; how: number | 'killed' }): void {
    this.#timeline.note(`${node}: ${token} ended: ${how}`);
    this.runs.get(id)!.ends.push({ at: this.#timeline.now, how });
  }
}
