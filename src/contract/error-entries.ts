import type { ErrorLine } from './nodes.ts';

/** Lines of the error log, oldest first, by entry: what is set in belongs to the line above. */
export function errorEntries(lines: readonly ErrorLine[]): ErrorLine[][] {
  const entries: ErrorLine[][] = [];
  for (const line of lines) {
    const last = entries.at(-1);
    if (last !== undefined && /^\s/.test(line.line)) last.push(line);
    else entries.push([line]);
  }
  return entries;
}
