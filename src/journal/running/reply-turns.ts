/**
 * Keeps replies to one place apart: while one of them is queued piece by piece, the others wait for their turn.
 * Replies of one piece do not wait for each other.
 */
export class ReplyTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether nothing goes anywhere piece by piece. */
  get areFree(): boolean {
    return this.#last.size === 0;
  }

  /** Calls `effect` when it is its turn; resolves or rejects as that does. */
  take<T>(place: string, isInPieces: boolean, effect: () => Promise<T>): Promise<T> {
    const before = this.#last.get(place);
    if (!before && !isInPieces) return effect();
    const turn = (before ?? Promise.resolve()).then(effect);
    const over = turn
      .catch(() => {})
      .then(() => {
        if (this.#last.get(place) === over) this.#last.delete(place);
      });
    this.#last.set(place, over);
    return turn;
  }
}
