import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Environment } from '../../config/environment.ts';

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
    // A terminal whose size nobody has set says 0.
    columns: tty.columns || 80,
    style: (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text),
  };
}
