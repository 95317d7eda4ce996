import { callWords } from '../../../lib/call-words.ts';
import { joinWords } from '../../../lib/shell-words.ts';
import { agoWords, clockWords, countWords } from '../../../lib/time-words.ts';
import { fillTemplate } from '../../../waves/fill-template.ts';
import type { ParsedCall } from '../../line/command.ts';
import { EXIT } from '../../line/exit-codes.ts';
import { terminalOf } from '../../line/terminal.ts';
import { presenceCell } from '../../print/state-colours.ts';
import { type ColumnOf, tableOf } from '../../print/table.ts';
import { listText } from '../with-node.ts';
import type { ChosenNode } from './choose-targets.ts';
import type { ExecOptions } from './read-options.ts';

/** Says which nodes a run would be for, who of them is away since when, and what a template comes to. Throws UsageError. */
export function printDryRun(call: ParsedCall, options: ExecOptions, nodes: readonly ChosenNode[]): number {
  const things = nodes.map((node) => {
    const { name, presence, lastSeenAt, callsAt } = node;
    const filled = options.isTemplate && options.command !== undefined;
    const command = filled ? { command: options.command.map((word) => fillTemplate(word, node)) } : {};
    return { name, presence, lastSeenAt, callsAt, ...command };
  });
  call.stdout.write(listText(things, options.form, () => dryRunText(call, things, options)));
  return EXIT.ok;
}

type DryRunNode = Pick<ChosenNode, 'name' | 'presence' | 'lastSeenAt' | 'callsAt'> & {
  command?: readonly string[];
};

function dryRunText(call: ParsedCall, nodes: readonly DryRunNode[], { targets }: ExecOptions): string {
  const now = Date.now();
  const columns: ColumnOf<DryRunNode>[] = [
    { title: 'NODE', of: ({ name }) => name },
    { title: 'PRESENCE', of: ({ presence, callsAt }) => presenceCell(presence, callWords(callsAt, now)) },
    { title: 'LAST SEEN', rank: 0, of: ({ lastSeenAt }) => seenText(lastSeenAt, now) },
  ];
  if (nodes.some(({ command }) => command !== undefined))
    columns.push({ title: 'COMMAND', canShrink: true, of: ({ command = [] }) => joinWords(command) });
  const away = nodes.filter(({ presence }) => presence === 'away').length;
  const central = targets.includes('*') ? '; * leaves out the central node' : '';
  const count = `${countWords(nodes.length, 'node')}, ${away} of them away${central}; nothing was run`;
  return `${tableOf(columns, nodes, terminalOf(call.stdout, call))}${count}\n`;
}

function seenText(lastSeenAt: number | null, now: number): string {
  return lastSeenAt === null ? 'never' : `${clockWords(lastSeenAt, now)} (${agoWords(lastSeenAt, now)})`;
}
