import type { ParsedCall } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { agoText, momentText } from '../format/moment.ts';
import { presenceCell } from '../format/state-colours.ts';
import { formatTable } from '../format/table.ts';
import { terminalOf } from '../terminal.ts';
import { listText } from '../with-node.ts';
import type { ChosenNode } from './choose-targets.ts';
import type { ExecOptions } from './read-options.ts';

/** Says which nodes a run would be for, and who of them is away since when. */
export function printDryRun(call: ParsedCall, { form }: ExecOptions, nodes: readonly ChosenNode[]): number {
  const things = nodes.map(({ name, presence, lastSeenAt }) => ({ name, presence, lastSeenAt }));
  call.stdout.write(listText(things, form, () => dryRunText(call, nodes)));
  return EXIT.ok;
}

function dryRunText(call: ParsedCall, nodes: readonly ChosenNode[]): string {
  const now = Date.now();
  const rows = nodes.map(({ name, presence, lastSeenAt }) => [
    name,
    presenceCell(presence),
    seenText(lastSeenAt, now),
  ]);
  const columns = [{ title: 'NODE' }, { title: 'PRESENCE' }, { title: 'LAST SEEN' }];
  const away = nodes.filter(({ presence }) => presence === 'away').length;
  const count = `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}`;
  return `${formatTable(columns, rows, terminalOf(call.stdout, call))}${count}, ${away} of them away; nothing was run\n`;
}

function seenText(lastSeenAt: number | null, now: number): string {
  return lastSeenAt === null ? 'never' : `${momentText(lastSeenAt, now)} (${agoText(lastSeenAt, now)})`;
}
