import { styleText } from 'node:util';
import { cleanLine } from './clean.ts';
import { cutTo, widthOf } from './fit.ts';

/** What a piece of text means, from which its looks follow. */
export type Style =
  | 'plain'
  | 'dim'
  | 'bold'
  | 'title'
  | 'good'
  | 'bad'
  | 'busy'
  | 'wait'
  | 'accent'
  | 'chosen'
  | 'cursor';

/** A piece of text of one style; a bare text is plain. */
export type Span = string | { readonly text: string; readonly style: Style };

/** One row of the screen, or a part of it, from left to right. */
export type Line = readonly Span[];

/** How lines are drawn on a terminal. */
export interface Theme {
  /** False with NO_COLOR: then there are bold, dim and inverse text only. */
  readonly isColoured: boolean;
  /** False where the locale is not UTF-8: then the marks that this program draws itself are ASCII. */
  readonly isUnicode: boolean;
}

type Format = Parameters<typeof styleText>[0];

const COLOURED: Readonly<Record<Style, Format | null>> = {
  plain: null,
  dim: 'gray',
  bold: 'bold',
  title: ['bold', 'cyan'],
  good: 'green',
  bad: 'red',
  busy: 'cyan',
  wait: 'yellow',
  accent: 'cyan',
  chosen: 'inverse',
  cursor: 'inverse',
};

const PLAIN: Readonly<Record<Style, Format | null>> = {
  plain: null,
  dim: 'dim',
  bold: 'bold',
  title: 'bold',
  good: null,
  bad: 'bold',
  busy: null,
  wait: null,
  accent: 'bold',
  chosen: 'inverse',
  cursor: 'inverse',
};

/** The marks that this program draws itself, each with its stand-in, which is as wide. */
const ASCII: Readonly<Record<string, string>> = {
  '●': '*',
  '○': 'o',
  '·': '-',
  '…': '~',
  '─': '-',
  '│': '|',
  '↑': '^',
  '↓': 'v',
  '→': '>',
  '✓': '+',
  '✗': 'x',
  '⏎': '~',
  '▸': '>',
};

export function span(text: string, style: Style): Span {
  return { text, style };
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, part) => sum + widthOf(textOf(part)), 0);
}

/** The text of a line without its styles. */
export function lineText(line: Line): string {
  return line.map(textOf).join('');
}

/** The line in exactly `width` columns: cut, or filled with spaces. */
export function fitLine(line: Line, width: number): Line {
  const result: Span[] = [];
  let left = width;
  for (const part of line) {
    if (left <= 0) break;
    const text = textOf(part);
    const own = widthOf(text);
    const shown = own <= left ? text : cutTo(text, left);
    left -= Math.min(own, widthOf(shown));
    result.push(typeof part === 'string' ? shown : { ...part, text: shown });
    if (own > widthOf(shown)) break;
  }
  return left > 0 ? [...result, ' '.repeat(left)] : result;
}

/** A line as the terminal gets it: the last thing before the screen, so whatever a text holds is made safe here. */
export function paint(line: Line, theme: Theme): string {
  const formats = theme.isColoured ? COLOURED : PLAIN;
  return line
    .map((part) => {
      const clean = cleanLine(textOf(part));
      const text = theme.isUnicode ? clean : toAscii(clean);
      const format = typeof part === 'string' ? null : formats[part.style];
      return format === null || text === '' ? text : styleText(format, text, { validateStream: false });
    })
    .join('');
}

function textOf(part: Span): string {
  return typeof part === 'string' ? part : part.text;
}

function toAscii(text: string): string {
  return text.replace(/[^ -~]/gu, (mark) => ASCII[mark] ?? mark);
}
