import type { Screen, State } from './state.ts';

/** The smallest terminal that shows anything useful. */
export const SMALLEST = { columns: 60, rows: 14 } as const;

/** Rows of the frame: tabs and title above, a line for words and one for keys below. */
const FRAME_ROWS = 4;

/** From this width on, a form and its message are side by side. */
const SIDE_BY_SIDE = 110;

/** Whether the terminal is too small to show anything. */
export function isTooSmall({ size }: State): boolean {
  return size.columns < SMALLEST.columns || size.rows < SMALLEST.rows;
}

/** Rows between the title and the lines at the bottom. */
export function bodyHeight({ size }: State): number {
  return Math.max(1, size.rows - FRAME_ROWS);
}

/** Rows of a list that are seen: the body without what stands above them. */
export function listHeight(state: State, screen: Screen): number {
  return Math.max(1, bodyHeight(state) - headRows(screen) - 1);
}

/** Rows of facts above a list. */
export function headRows(screen: Screen): number {
  if (screen.kind !== 'requests') return 0;
  if (screen.node !== null) return 4;
  return screen.batch === null ? 0 : 2;
}

/** Rows above the text of a request: facts, why, and the names of its parts. */
export const REQUEST_HEAD_ROWS = 5;

/** Rows of a request's text that are seen. */
export function textHeight(state: State): number {
  return Math.max(1, bodyHeight(state) - REQUEST_HEAD_ROWS);
}

/** How a form and its message share the body. */
export function formLayout(state: State): { isBeside: boolean; formRows: number; formWidth: number } {
  const { columns } = state.size;
  const isBeside = columns >= SIDE_BY_SIDE;
  const body = bodyHeight(state);
  return isBeside
    ? { isBeside, formRows: body, formWidth: Math.floor(columns * 0.55) }
    : { isBeside, formRows: Math.max(6, body - Math.max(5, Math.floor(body * 0.4))), formWidth: columns };
}
