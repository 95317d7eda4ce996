import { readFileSync } from 'node:fs';

const LINE = /^Max open files\s+(\d+)/m;

/** How many files a process may have open at once, this one unless told; undefined where the system does not say (Linux does). */
export function openFileLimit(pid: number | 'self' = 'self'): number | undefined {
  try {
    const [, soft] = LINE.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
