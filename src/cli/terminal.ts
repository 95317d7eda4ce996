import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import type { Environment } from '../config/environment.ts';

type Format = Parameters<typeof styleText>[0];

/** What a command may know of where it prints. */
export interface Terminal {
  /** Whether people look at it as it is printed: progress may be drawn over. */
  readonly isTerminal: boolean;
  /** Width in columns; 80 where it is not known. */
  readonly columns: number;
  /** Text in colour, where colours are wanted. */
  style(format: Format, text: string): string;
}

/** What is known of a stream. No colours in a pipe, with NO_COLOR or with --no-color; FORCE_COLOR puts them anywhere. */
export function terminalOf(
  stream: Writable,
  { env, options }: { readonly env: Environment; readonly options: object },
): Terminal {
  const tty = stream as Writable & { isTTY?: boolean; columns?: number };
  const isTerminal = tty.isTTY === true;
  const isForced = (env.FORCE_COLOR ?? '0') !== '0' && env.FORCE_COLOR !== '';
  const isPlain = (options as { 'no-color'?: unknown })['no-color'] === true;
  const isRefused = isPlain || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const isColoured = !isRefused && (isTerminal || isForced);
  return {
    isTerminal,
    columns: tty.columns ?? 80,
    style: (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** Columns that a text takes on a terminal: wide characters count twice, colours not at all. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text filled with spaces up to a width, at its end or, for numbers, at its beginning. */
export function padTo(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + gap : gap + text;
}
