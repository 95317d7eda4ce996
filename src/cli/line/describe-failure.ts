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
  const frame = code === undefined ? frameOf(error) : '';
  const text = `${oneLine(error.message || error.name)}${frame}`;
  return { text, exitCode: typeof exitCode === 'number' ? exitCode : 1 };
}

function oneLine(text: string): string {
  return visibleLine(text.replace(/\s*\n\s*/g, ' ').trim());
}

function frameOf(error: Error): string {
  const line = /^\s+(at .*)/m.exec(error.stack ?? '')?.[1];
  return line === undefined ? '' : ` (${error.name} ${line.trim()})`;
}
