import { readFileSync } from 'node:fs';

/** The processor time of this process and of all that it has waited for, in seconds. */
export function processorSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const times = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  return times.reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}
