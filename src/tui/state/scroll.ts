import { lineSteps } from './list.ts';

/** Where one is in a text: the first line that is seen, and how many rows of it are above the screen. */
export interface ScrollPosition {
  readonly line: number;
  readonly row: number;
  /** Whether the end is to stay in sight while the text grows. */
  readonly isAtEnd: boolean;
}

export const SCROLL_START: ScrollPosition = { line: 0, row: 0, isAtEnd: false };
export const SCROLL_END: ScrollPosition = { line: 0, row: 0, isAtEnd: true };

/** A text of lines, each of which takes some rows on the screen. */
export interface Scrolled {
  readonly count: number;
  rowsOf(line: number): number;
}

/** The position made good for a text that is seen through `height` rows. */
export function settleScroll(position: ScrollPosition, text: Scrolled, height: number): ScrollPosition {
  const last = lastPosition(text, height);
  if (position.isAtEnd) return last;
  const isPast = position.line > last.line || (position.line === last.line && position.row > last.row);
  return isPast ? { ...last, isAtEnd: false } : position;
}

/** Where a key leads in a text; undefined for a key that does not move. */
export function scrolled(
  position: ScrollPosition,
  key: string,
  text: Scrolled,
  height: number,
): ScrollPosition | undefined {
  const from = settleScroll(position, text, height);
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
  position: ScrollPosition,
  text: Scrolled,
  height: number,
): { line: number; row: number }[] {
  const seen: { line: number; row: number }[] = [];
  let { line, row } = settleScroll(position, text, height);
  while (seen.length < height && line < text.count) {
    if (row < text.rowsOf(line)) seen.push({ line, row: row++ });
    else {
      line++;
      row = 0;
    }
  }
  return seen;
}

function lastPosition(text: Scrolled, height: number): ScrollPosition {
  let left = height;
  for (let line = text.count - 1; line >= 0; line--) {
    const rows = text.rowsOf(line);
    if (rows >= left) return { line, row: rows - left, isAtEnd: true };
    left -= rows;
  }
  return { line: 0, row: 0, isAtEnd: true };
}

function back({ line, row }: ScrollPosition, steps: number, text: Scrolled): ScrollPosition {
  let left = steps;
  let position = { line, row };
  while (left > 0) {
    if (position.row >= left) return { line: position.line, row: position.row - left, isAtEnd: false };
    left -= position.row;
    if (position.line === 0) return SCROLL_START;
    position = { line: position.line - 1, row: text.rowsOf(position.line - 1) };
  }
  return { ...position, isAtEnd: false };
}

function ahead({ line, row }: ScrollPosition, steps: number, text: Scrolled, height: number): ScrollPosition {
  let position = { line, row: row + steps };
  while (position.line < text.count && position.row >= text.rowsOf(position.line)) {
    position = { line: position.line + 1, row: position.row - text.rowsOf(position.line) };
  }
  const last = lastPosition(text, height);
  const isPast = position.line > last.line || (position.line === last.line && position.row >= last.row);
  return isPast ? last : { ...position, isAtEnd: false };
}
