import type { Presence } from '../../contract/nodes.ts';
import { type Outcome, outcomeOf, type RequestState } from '../../contract/states.ts';
import { fitColumns } from '../../lib/fit-columns.ts';
import { visibleLine } from '../../lib/visible.ts';
import type { Terminal } from '../line/terminal.ts';
import { cutTo, padTo, widthOf, wrapWords } from './text-width.ts';

type Format = Parameters<Terminal['style']>[0];

/** One cell: a text, or one with its colours. */
export type Cell = string | { readonly text: string; readonly format: Format };

export interface Column {
  readonly title: string;
  /** For numbers. */
  readonly isRight?: boolean;
  /** Whether it gives way where the line is wider than the terminal; the last such column first. */
  readonly canShrink?: boolean;
  /** Where the terminal is too narrow, it stands in a line of its own below the others. */
  readonly goesBelow?: boolean;
  /** Where there is no room even so, columns of the lowest rank are left out first; those without one stay. */
  readonly rank?: number;
}

const GAP = '  ';
const LEAST_WIDTH = 8;
// In a pipe a script of 2 kB in one row padded every other row to its length.
const MOST_PADDED = 80;

/** Where the cells of a row stand: side by side in one line, each with its width, and behind an indent in the next. */
interface Layout {
  readonly inLine: readonly { readonly index: number; readonly width: number }[];
  readonly below: readonly { readonly index: number; readonly width: number }[];
  /** No cell is cut; one that is wider than its column moves what follows in its line. */
  readonly isWhole?: boolean;
}

/**
 * Rows under their titles, aligned by what each character takes on a terminal. On a terminal no line is wider than it:
 * columns move below, are left out or cut, as they allow; elsewhere nothing is cut. Ends with a line feed.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  terminal: Terminal,
): string {
  const cells = rows.map((row) => row.map((cell) => visibleLine(textOf(cell))));
  const whole = columns.map(({ title }, index) =>
    cells.reduce((width, row) => Math.max(width, widthOf(row[index] ?? '')), widthOf(title)),
  );
  const layout = layOut(columns, whole, terminal);
  const write = (texts: readonly string[], style: (text: string, index: number) => string): string[] => [
    firstLine(columns, layout, { texts, style }),
    ...belowLine(layout, { texts, style, width: terminal.columns }),
  ];
  const titles = columns.map(({ title }) => title);
  const body = cells.flatMap((texts, row) =>
    write(texts, (text, index) => {
      const cell = rows[row]![index]!;
      return typeof cell === 'string' ? text : terminal.style(cell.format, text);
    }),
  );
  return `${[...write(titles, (text) => terminal.style('bold', text)), ...body].join('\n')}\n`;
}

/** A column with what stands in it of each thing. */
export interface ColumnOf<T> extends Column {
  of(thing: T): Cell | number;
}

/** The same for things, each in a row. */
export function tableOf<T>(
  columns: readonly ColumnOf<T>[],
  things: readonly T[],
  terminal: Terminal,
): string {
  const cellOf = (thing: T, column: ColumnOf<T>) => {
    const cell = column.of(thing);
    return typeof cell === 'number' ? String(cell) : cell;
  };
  const rows = things.map((thing) => columns.map((column) => cellOf(thing, column)));
  return formatTable(columns, rows, terminal);
}

/** A sentence in as many lines as a terminal needs for it, in one elsewhere. Ends with a line feed. */
export function sentenceLines(text: string, { isTerminal, columns }: Terminal, indent = ''): string {
  return `${isTerminal ? wrapWords(text, columns, indent) : text}\n`;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function layOut(columns: readonly Column[], whole: readonly number[], terminal: Terminal): Layout {
  const all = columns.map((_, index) => index);
  const asked = whole.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  if (!terminal.isTerminal) {
    const widthIn = (index: number) =>
      columns[index]!.canShrink === true ? Math.min(whole[index]!, MOST_PADDED) : whole[index]!;
    return { inLine: all.map((index) => ({ index, width: widthIn(index) })), below: [], isWhole: true };
  }
  if (asked <= terminal.columns)
    return { inLine: all.map((index) => ({ index, width: whole[index]! })), below: [] };
  const inLine = all.filter((index) => columns[index]!.goesBelow !== true);
  const needs = inLine.map((index) => {
    const { canShrink, rank } = columns[index]!;
    const width = whole[index]!;
    return { least: canShrink ? Math.min(LEAST_WIDTH, width) : width, whole: width, rank };
  });
  const widths = fitColumns(needs, { width: terminal.columns, gap: GAP.length });
  return {
    inLine: inLine.flatMap((index, place) => {
      const width = widths[place];
      return width === undefined ? [] : [{ index, width }];
    }),
    below: all
      .filter((index) => columns[index]!.goesBelow === true)
      .map((index) => ({ index, width: whole[index]! })),
  };
}

interface Row {
  readonly texts: readonly string[];
  style(text: string, index: number): string;
}

function firstLine(columns: readonly Column[], { inLine, isWhole }: Layout, { texts, style }: Row): string {
  return inLine
    .map(({ index, width }, place) => {
      const { isRight } = columns[index]!;
      const text = isWhole ? (texts[index] ?? '') : cutTo(texts[index] ?? '', width);
      const isLast = place === inLine.length - 1 && isRight !== true;
      const padded = isLast ? text : padTo(text, width, isRight ? 'right' : 'left');
      return text === '' ? padded : padded.replace(text, () => style(text, index));
    })
    .join(GAP)
    .trimEnd();
}

/** The cells that stand below, each as wide as its column but for the last; no line where all are empty. */
function belowLine({ below }: Layout, { texts, style, width }: Row & { readonly width: number }): string[] {
  let left = width;
  const parts = below.map(({ index, width: whole }, place) => {
    const text = cutTo(texts[index] ?? '', Math.max(0, left - GAP.length));
    const padded = place === below.length - 1 ? text : padTo(text, Math.min(whole, left - GAP.length));
    left -= widthOf(padded) + GAP.length;
    return GAP + (text === '' ? padded : padded.replace(text, () => style(text, index)));
  });
  const isEmpty = below.every(({ index }) => (texts[index] ?? '') === '');
  return isEmpty ? [] : [parts.join('').trimEnd()];
}

const OUTCOME_COLOURS = {
  succeeded: 'green',
  failed: 'red',
  'timed-out': 'magenta',
  cancelled: 'gray',
  'handed-over': 'gray',
  unreached: 'red',
  running: 'cyan',
  waiting: 'yellow',
} as const satisfies Record<Outcome, string>;

const PRESENCE_COLOURS = { here: 'green', away: 'yellow', unknown: 'gray' } as const;

/** The colour that a group of states has everywhere. */
export function outcomeColour(outcome: Outcome): (typeof OUTCOME_COLOURS)[Outcome] {
  return OUTCOME_COLOURS[outcome];
}

/** A state in the colour of its group. */
export function stateCell(state: RequestState): Cell {
  return { text: state, format: outcomeColour(outcomeOf(state)) };
}

/** Whether a node is there, and when it calls where it is away between its calls, in its colour. */
export function presenceCell(presence: Presence, calls = ''): Cell {
  return { text: calls === '' ? presence : `${presence}, ${calls}`, format: PRESENCE_COLOURS[presence] };
}
