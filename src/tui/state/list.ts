/** Where one is in a list: the row of the cursor, the first row that is seen, and the keys of the rows that are marked. */
export interface ListPosition {
  readonly cursor: number;
  readonly top: number;
  readonly marks: readonly string[];
}

export const LIST_START: ListPosition = { cursor: 0, top: 0, marks: [] };

/** The position made good for a list of `count` rows of which `height` are seen. */
export function settle(position: ListPosition, count: number, height: number): ListPosition {
  const cursor = Math.max(0, Math.min(position.cursor, count - 1));
  const seen = Math.max(1, height);
  const lastTop = Math.max(0, count - seen);
  const top = Math.max(0, Math.min(Math.max(position.top, cursor - seen + 1), cursor, lastTop));
  if (cursor === position.cursor && top === position.top) return position;
  return { ...position, cursor, top };
}

/** By how many lines keys move what is seen in this height. */
export function lineSteps(height: number): Readonly<Record<string, number>> {
  const page = Math.max(1, height - 1);
  const half = Math.max(1, Math.floor(height / 2));
  return {
    ...{ up: -1, k: -1, down: 1, j: 1, pageup: -page, 'ctrl+b': -page, pagedown: page, 'ctrl+f': page },
    ...{ 'ctrl+u': -half, 'ctrl+d': half },
  };
}

/** Where a key leads in a list; undefined for a key that does not move. */
export function moved(position: ListPosition, key: string, height: number): ListPosition | undefined {
  const steps: Readonly<Record<string, number>> = {
    ...lineSteps(height),
    home: Number.NEGATIVE_INFINITY,
    g: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    G: Number.POSITIVE_INFINITY,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  if (!Number.isFinite(step)) return { ...position, cursor: step < 0 ? 0 : Number.MAX_SAFE_INTEGER };
  return {
    ...position,
    cursor: position.cursor + step,
    top: Math.abs(step) === 1 ? position.top : position.top + step,
  };
}

/**
 * The position after the list changed: the cursor stays on its row, but at the top it stays at the top, where the newest
 * comes in.
 */
export function keepPosition(
  position: ListPosition,
  before: readonly string[],
  after: readonly string[],
): ListPosition {
  if (position.cursor === 0) return position;
  const key = before[position.cursor];
  const found = key === undefined ? -1 : after.indexOf(key);
  if (found < 0) return position;
  return { ...position, cursor: found, top: Math.max(0, position.top + found - position.cursor) };
}

/** Marks a row, or takes its mark off. */
export function toggleMark(position: ListPosition, key: string): ListPosition {
  const marks = position.marks.includes(key)
    ? position.marks.filter((other) => other !== key)
    : [...position.marks, key];
  return { ...position, marks };
}

/** Marks all of these rows; where all are marked already, takes all marks off. */
export function toggleAll(position: ListPosition, keys: readonly string[]): ListPosition {
  const marked = new Set(position.marks);
  const isAll = keys.length > 0 && new Set(keys).isSubsetOf(marked);
  return { ...position, marks: isAll ? [] : [...new Set([...position.marks, ...keys])] };
}
