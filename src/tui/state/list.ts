/** Where one is in a list: the row of the cursor, the first row that is seen, and the keys of the rows that are marked. */
export interface ListPlace {
  readonly cursor: number;
  readonly top: number;
  readonly marks: readonly string[];
}

export const LIST_START: ListPlace = { cursor: 0, top: 0, marks: [] };

/** The place made good for a list of `count` rows of which `height` are seen. */
export function settle(place: ListPlace, count: number, height: number): ListPlace {
  const cursor = Math.max(0, Math.min(place.cursor, count - 1));
  const seen = Math.max(1, height);
  const lastTop = Math.max(0, count - seen);
  const top = Math.max(0, Math.min(Math.max(place.top, cursor - seen + 1), cursor, lastTop));
  if (cursor === place.cursor && top === place.top) return place;
  return { ...place, cursor, top };
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
export function moved(place: ListPlace, key: string, height: number): ListPlace | undefined {
  const steps: Readonly<Record<string, number>> = {
    ...lineSteps(height),
    home: Number.NEGATIVE_INFINITY,
    g: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    G: Number.POSITIVE_INFINITY,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  if (!Number.isFinite(step)) return { ...place, cursor: step < 0 ? 0 : Number.MAX_SAFE_INTEGER };
  return { ...place, cursor: place.cursor + step, top: Math.abs(step) === 1 ? place.top : place.top + step };
}

/**
 * The place after the list changed: the cursor stays on its row, but at the top it stays at the top, where the newest
 * comes in.
 */
export function keepPlace(place: ListPlace, before: readonly string[], after: readonly string[]): ListPlace {
  if (place.cursor === 0) return place;
  const key = before[place.cursor];
  const found = key === undefined ? -1 : after.indexOf(key);
  if (found < 0) return place;
  return { ...place, cursor: found, top: Math.max(0, place.top + found - place.cursor) };
}

/** Marks a row, or takes its mark off. */
export function toggleMark(place: ListPlace, key: string): ListPlace {
  const marks = place.marks.includes(key)
    ? place.marks.filter((other) => other !== key)
    : [...place.marks, key];
  return { ...place, marks };
}

/** Marks all of these rows; where all are marked already, takes all marks off. */
export function toggleAll(place: ListPlace, keys: readonly string[]): ListPlace {
  const marked = new Set(place.marks);
  const isAll = keys.length > 0 && keys.every((key) => marked.has(key));
  return { ...place, marks: isAll ? [] : [...new Set([...place.marks, ...keys])] };
}
