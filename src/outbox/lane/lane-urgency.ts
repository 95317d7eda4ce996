import { PRIORITIES, usualPriority } from '../../message/priority.ts';
import type { Entry } from './lane-window.ts';

/** How urgent a lane is: as its most urgent message, wherever in the lane that waits, since they go in their order. */
export class LaneUrgency {
  readonly #method: string;
  /** The highest place of each class. */
  readonly #last = PRIORITIES.map(() => 0);

  /** `upTo`: messages up to there may lie on disk of which nothing is known; they are taken for small and usual. */
  constructor(method: string, upTo: number) {
    this.#method = method;
    this.#last[this.#classOf({ priority: null, size: 0 })] = upTo;
  }

  /** A message waits in the lane. */
  note(entry: Pick<Entry, 'seq' | 'priority' | 'size'>): void {
    const its = this.#classOf(entry);
    this.#last[its] = Math.max(this.#last[its]!, entry.seq);
  }

  /** The class of the lane while this is its first message and it has this many of them: 0 is the most urgent. */
  of(first: Pick<Entry, 'seq' | 'priority' | 'size'>, length: number): number {
    if (length === 1) return this.#classOf(first);
    const found = this.#last.findIndex((seq) => seq >= first.seq);
    return found === -1 ? this.#classOf(first) : found;
  }

  #classOf({ priority, size: bytes }: Pick<Entry, 'priority' | 'size'>): number {
    return PRIORITIES.indexOf(priority ?? usualPriority({ method: this.#method, bytes }));
  }
}
