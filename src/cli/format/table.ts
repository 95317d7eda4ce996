import type { Terminal } from '../terminal.ts';
import { cutTo, padTo, toLine, widthOf } from './text-width.ts';

type Format = Parameters<Terminal['style']>[0];

/** One cell: a text, or one with its colours. */
export type Cell = string | { readonly text: string; readonly format: Format };

export interface Column {
  readonly title: string;
  /** For numbers. */
  readonly isRight?: boolean;
  /** Whether it gives way where the line is wider than the terminal; the last such column first. */
  readonly canShrink?: boolean;
}

const GAP = '  ';
const LEAST_WIDTH = 8;

/**
 * Rows under their titles, aligned by what each character takes on a terminal. On a terminal, columns that can shrink
 * are cut to make the line fit; elsewhere nothing is cut. Ends with a line feed.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  terminal: Terminal,
): string {
  const cells = rows.map((row) => row.map((cell) => toLine(textOf(cell))));
  const wanted = columns.map(({ title }, index) =>
    cells.reduce((width, row) => Math.max(width, widthOf(row[index] ?? '')), widthOf(title)),
  );
  const widths = terminal.isTerminal ? fit(columns, wanted, terminal.columns) : wanted;
  const line = (texts: readonly string[], styled: (text: string, index: number) => string): string =>
    columns
      .map((column, index) => {
        const text = cutTo(texts[index] ?? '', widths[index]!);
        const isLast = index === columns.length - 1 && column.isRight !== true;
        const padded = isLast ? text : padTo(text, widths[index]!, column.isRight ? 'right' : 'left');
        return text === '' ? padded : padded.replace(text, () => styled(text, index));
      })
      .join(GAP)
      .trimEnd();
  const head = line(
    columns.map(({ title }) => title),
    (text) => terminal.style('bold', text),
  );
  const body = cells.map((texts, row) =>
    line(texts, (text, index) => {
      const cell = rows[row]![index]!;
      return typeof cell === 'string' ? text : terminal.style(cell.format, text);
    }),
  );
  return `${[head, ...body].join('\n')}\n`;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function fit(columns: readonly Column[], wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1) - width;
  for (let index = columns.length - 1; index >= 0 && over > 0; index--) {
    if (columns[index]!.canShrink !== true) continue;
    const kept = Math.min(widths[index]!, Math.max(LEAST_WIDTH, widths[index]! - over));
    over -= widths[index]! - kept;
    widths[index] = kept;
  }
  return widths;
}
