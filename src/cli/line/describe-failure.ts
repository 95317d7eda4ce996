import { visibleLine } from '../../lib/visible.ts';

/**
 * What the operator is told about an error that ends the process, in one line, and the exit code: the error's own
 * `exitCode` where it has one, else 1. Where the error is a slip of the program (it has no `code`), the line ends
 * with the place it came from.
 */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (!(error instanceof Error)) return { text: oneLine(String(error)), exitCode: 1 };
  // What went wrong while stopping hides what made it stop, which matters more.
  if (error instanceof SuppressedError && error.suppressed !== undefined)
    return describeFailure(error.suppressed);
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  const place = code === undefined ? placeOf(error) : '';
  const text = `${oneLine(error.message || error.name)}${place}`;
  return { text, exitCode: typeof exitCode === 'number' ? exitCode : 1 };
}

function oneLine(text: string): string {
  return visibleLine(text.replace(/\s*\n\s*/g, ' ').trim());
}

function placeOf(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => /^\s+at /.test(line));
  return frame === undefined ? '' : ` (${error.name} ${frame.trim()})`;
}
