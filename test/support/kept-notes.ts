import type { Intend } from '../../src/message/method-contract.ts';

/** The notes of effects that a journal would find after a crash. */
export class KeptNotes {
  readonly left = new Set<string>();
  /** How many were ever written. */
  written = 0;
  readonly intend: Intend = Object.assign(
    async (note: string) => {
      this.written++;
      this.left.add(note);
    },
    {
      withdraw: async (note: string) => void this.left.delete(note),
      forget: (note: string) => void this.left.delete(note),
    },
  );
}
