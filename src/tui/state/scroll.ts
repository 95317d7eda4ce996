import { lineSteps } from './list.ts';

/** Where one is in a text: the first line that is seen, and how many rows of it are above the screen. */
export interface ScrollPlace {
  readonly line: number;
  readonly row: number;
  /** Whether the end is to stay in sight while the text grows. */
  readonly isAtEnd: boolean;
}

export const SCROLL_START: ScrollPlace = { line: 0, row: 0, isAtEnd: false };
export const SCROLL_END: ScrollPlace = { line: 0, row: 0, isAtEnd: true };

/** A text of lines, each of which takes some rows on the screen. */
export interface Scrolled {
  readonly count: number;
  rowsOf(line: number): number;
}

/** The place made good for a text that is seen through `height` rows. */
export function settleScroll(place: ScrollPlace, text: Scrolled, height: number): ScrollPlace {
  const last = lastPlace(text, height);
  if (place.isAtEnd) return last;
  const isPast = place.line > last.line || (place.line === last.line && place.row > last.row);
  return isPast ? { ...last, isAtEnd: false } : place;
}

/** Where a key leads in a text; undefined for a key that does not move. */
export function scrolled(
  place: ScrollPlace,
  key: string,
  text: Scrolled,
  height: number,
): ScrollPlace | undefined {
  const from = settleScroll(place, text, height);
  const page = Math.max(1, height - 1);
  const steps: Readonly<Record<string, number>> = { ...lineSteps(height), space: page };
  if (key === 'home' || key === 'g') return SCROLL_START;
  if (key === 'end' || key === 'G') return SCROLL_END;
  const step = steps[key];
  if (step === undefined) return undefined;
  return step < 0 ? back(from, -step, text) : ahead(from, step, text, height);
}

/** The rows that are seen: of each the line and the row in it. */
export function rowsSeen(
  place: ScrollPlace,
  text: Scrolled,
  height: number,
): { line: number; row: number }[] {
  const seen: { line: number; row: number }[] = [];
  let { line, row } = settleScroll(place, text, height);
  while (seen.length < height && line < text.count) {
    if (row < text.rowsOf(line)) seen.push({ line, row: row++ });
    else {
      line++;
      row = 0;
    }
  }
  return seen;
}

function lastPlace(text: Scrolled, height: number): ScrollPlace {
  let left = height;
  for (let line = text.count - 1; line >= 0; line--) {
    const rows = text.rowsOf(line);
    if (rows >= left) return { line, row: rows - left, isAtEnd: true };
    left -= rows;
  }
  return { line: 0, row: 0, isAtEnd: true };
}

function back({ line, row }: ScrollPlace, steps: number, text: Scrolled): ScrollPlace {
  let left = steps;
  let place = { line, row };
  while (left > 0) {
    if (place.row >= left) return { line: place.line, row: place.row - left, isAtEnd: false };
    left -= place.row;
    if (place.line === 0) return SCROLL_START;
    place = { line: place.line - 1, row: text.rowsOf(place.line - 1) };
  }
  return { ...place, isAtEnd: false };
}

function ahead({ line, row }: ScrollPlace, steps: number, text: Scrolled, height: number): ScrollPlace {
  let place = { line, row: row + steps };
  while (place.line < text.count && place.row >= text.rowsOf(place.line)) {
    place = { line: place.line + 1, row: place.row - text.rowsOf(place.line) };
  }
  const last = lastPlace(text, height);
  const isPast = place.line > last.line || (place.line === last.line && place.row >= last.row);
  return isPast ? last : { ...place, isAtEnd: false };
}
