import { existsSync } from 'node:fs';
import { measureConsole } from './measure-console.ts';
import type { Goal, Row } from './row.ts';

const NODES = 10_000;
const BROWSER = '/usr/bin/chromium';

/** What the console takes with 10,000 nodes; its memory is watched for `seconds`. */
export async function consoleFigures(seconds: number): Promise<Row[]> {
  if (!existsSync(BROWSER)) {
    const note = 'there is no browser; node scripts/install-browser.ts installs one';
    return [{ name: 'console', figure: 'the console', unit: '', note }];
  }
  const run = await measureConsole(NODES, seconds);
  const { load, heapMb } = run;
  const row = (figure: string, value: number, unit: string, goal: Goal, note?: string): Row => ({
    ...{ name: 'console', figure: `console: ${figure}`, value, unit, goal },
    ...(note !== undefined && { note }),
  });
  const share = (part: number) => `${(part * 100).toFixed(1)} % of a core`;
  return [
    row(`first table of ${NODES} nodes`, run.tableMs, 'ms', { atMost: 1000 }),
    row('first table, on the wire', run.tableBytes / 1000, 'kB', { atMost: 250 }),
    row('a key in the filter, to the rows', run.keyMs, 'ms', { atMost: 100 }),
    row('from the ledger to the screen', run.shownMs, 'ms', { atMost: 500 }),
    row('1,000 changes/s, on the wire', load.bytesPerSecond / 1000, 'kB/s', { atMost: 50 }),
    row('1,000 changes/s, the tab', load.tabShare * 100, '%', { atMost: 20 }),
    row(
      '1,000 changes/s, more on central',
      (load.centralShare / load.bareShare - 1) * 100,
      '%',
      { atMost: 5 },
      `${share(load.centralShare)} with a page, ${share(load.bareShare)} without`,
    ),
    row('first load at 50 kbit/s', run.thinLoadMs / 1000, 's', { atMost: 15 }),
    row('a click at 50 kbit/s', run.thinClickMs / 1000, 's', { atMost: 2 }),
    row(
      'memory that the tab gains under load',
      heapMb[1] - heapMb[0],
      'MB',
      { atMost: 1 },
      `${heapMb[0].toFixed(1)} MB, and ${heapMb[1].toFixed(1)} MB after as long again`,
    ),
  ];
}
