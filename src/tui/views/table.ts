import { fitColumns } from '../../lib/fit-columns.ts';
import type { ListPosition } from '../state/list.ts';
import { fit, widthOf } from '../text/fit.ts';
import { type Line, lineText, lineWidth, type Span, span } from '../text/spans.ts';

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  /** Its width; `natural` is that of its widest cell, `rest` all that is left. */
  readonly width: number | 'natural' | 'rest';
  /** The least that a column of `rest`, and the most that a `natural` one gets. */
  readonly limit?: number;
  readonly side?: 'left' | 'right';
  /** Where there is no room for all, columns of the lowest rank go first; those without one stay. */
  readonly rank?: number;
  cell(row: T): Span;
}

interface TableOptions<T> {
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly position: ListPosition;
  /** Rows in sight, the heading not counted. */
  readonly height: number;
  readonly width: number;
  keyOf(row: T): string;
  /** What stands there when there are no rows. */
  readonly empty: string;
}

const GAP = 2;
const MARK_WIDTH = 2;
const MEASURED_ROWS = 2000;

/** A table as lines: the heading, then the rows in sight. */
export function tableLines<T>({
  columns,
  rows,
  position,
  height,
  width,
  keyOf,
  empty,
}: TableOptions<T>): Line[] {
  const widths = columnWidths(columns, rows, width - MARK_WIDTH);
  const shown = columns.filter((_, index) => widths[index] !== undefined);
  const sizes = widths.filter((size) => size !== undefined);
  const heading = shown
    .map(({ title, side }, index) => fit(title, sizes[index]!, side))
    .join(' '.repeat(GAP));
  const head: Line = [span(' '.repeat(MARK_WIDTH) + heading, 'dim')];
  if (rows.length === 0) return [head, [], [span(`  ${empty}`, 'dim')]];
  const marks = new Set(position.marks);
  const body = rows.slice(position.top, position.top + height).map((row, index) => {
    const isCursor = position.top + index === position.cursor;
    const mark = `${isCursor ? '▸' : ' '}${marks.has(keyOf(row)) ? '✓' : ' '}`;
    const cells = shown.flatMap((column, position): Span[] => [
      ...(position === 0 ? [] : [' '.repeat(GAP)]),
      fitted(column.cell(row), sizes[position]!, column.side),
    ]);
    return isCursor ? chosenLine([mark, ...cells], width) : [span(mark, 'accent'), ...cells];
  });
  return [head, ...body];
}

/** A line under the cursor: in inverse over the whole width. */
export function chosenLine(line: Line, width: number): Line {
  return [span(lineText(line) + ' '.repeat(Math.max(0, width - lineWidth(line))), 'chosen')];
}

/** The width of each column; undefined for those that there is no room for. */
export function columnWidths<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number,
): (number | undefined)[] {
  const last = columns.findLastIndex((column) => column.width === 'rest');
  const needs = columns.map((column, index) => {
    const least = leastWidth(column, rows);
    return { least, whole: index === last ? Infinity : least, rank: column.rank };
  });
  return fitColumns(needs, { width, gap: GAP });
}

function leastWidth<T>({ title, width, limit, cell }: Column<T>, rows: readonly T[]): number {
  if (width === 'rest') return limit ?? widthOf(title);
  if (width !== 'natural') return width;
  const widest = rows
    .slice(0, MEASURED_ROWS)
    .reduce((most, row) => Math.max(most, lineWidth([cell(row)])), widthOf(title));
  return Math.min(widest, limit ?? widest);
}

function fitted(cell: Span, width: number, side: 'left' | 'right' | undefined): Span {
  return typeof cell === 'string' ? fit(cell, width, side) : { ...cell, text: fit(cell.text, width, side) };
}
