/** Times above this are for ever: 15 digits, which the database gives back, and a header of the wire holds. */
const MAX_MS = 1e15 - 1;

/** A time as it is stored and sent, ms: whole, and not larger than can be read back. */
export function wholeMs(ms: number): number {
  return Math.min(Math.max(0, Math.floor(ms)), MAX_MS);
}
