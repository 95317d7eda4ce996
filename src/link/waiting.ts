/** Where two classes below urgent wait, one turn of this number is for the lower one. */
export const OTHERS_TURN = 8;

/** Something that waits for room. */
export interface Waiting {
  /** Its class, as a place in PRIORITIES. */
  readonly urgency: number;
  onRoom(): void;
}

/** Where something has its place among those that wait, lower ones first. The least urgent come first now and then, and seldom before urgent ones, so that none waits for ever. */
export function inTurn({ urgency }: Waiting, turn: number): number {
  if (turn % (OTHERS_TURN * OTHERS_TURN) === 0) return -urgency;
  return turn % OTHERS_TURN === 0 && urgency > 0 ? 1 / urgency : urgency;
}
