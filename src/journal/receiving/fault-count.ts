import type { LaneMessage } from './lane-record.ts';

/** Counts how often a lane failed at the same message in a row. */
export class FaultCount {
  #last: { readonly seq: number; readonly id: string; readonly faults: number } | undefined;

  /** Counts one more, and answers with how many there were of this message. */
  add({ seq, id }: Pick<LaneMessage, 'seq' | 'id'>): number {
    const isSame = this.#last?.seq === seq && this.#last.id === id;
    this.#last = { seq, id, faults: isSame ? this.#last!.faults + 1 : 1 };
    return this.#last.faults;
  }
}
