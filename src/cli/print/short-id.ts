import type { Terminal } from '../line/terminal.ts';

/** How much of the id of one batch or request is shown: its time and a part that others of that moment do not have. */
export const SHOWN_LENGTH = 18;

/** Ids of one node are all different up to here: their time, and the count of those of one moment. */
const CLEAR_LENGTH = 25;

/** Characters of a UUIDv7 that are its time; ids of one moment differ only behind them. */
const TIME_LENGTH = 13;

/** How many characters of each id must be shown to tell them apart: 13 at least, and then all up to the next dash. */
export function shortLength(ids: readonly string[]): number {
  const unique = new Set(ids);
  for (const length of [TIME_LENGTH, 18, 23]) {
    if (new Set([...unique].map((id) => id.slice(0, length))).size === unique.size) return length;
  }
  return 36;
}

/** An id as far as it names one thing on a terminal, and whole elsewhere. */
export function clearId(id: string, { isTerminal }: Pick<Terminal, 'isTerminal'>): string {
  return isTerminal ? id.slice(0, CLEAR_LENGTH) : id;
}
