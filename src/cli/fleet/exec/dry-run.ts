import type { StewardApi } from '../../../client/steward-api.ts';
import { callWords } from '../../../lib/call-words.ts';
import { joinWords } from '../../../lib/shell-words.ts';
import { agoWords, clockWords, countWords } from '../../../lib/time-words.ts';
import { fillTemplate } from '../../../waves/fill-template.ts';
import { EXIT, type ParsedCall } from '../../line/command.ts';
import { terminalOf } from '../../line/terminal.ts';
import {
  costColumns,
  costOf,
  costWords,
  type LinkCost,
  linkOf,
  REQUEST_BYTES,
} from '../../print/link-cost.ts';
import { packedSize } from '../../print/packed-size.ts';
import { type ColumnOf, presenceCell, tableOf } from '../../print/table.ts';
import { listText } from '../with-node.ts';
import type { ChosenNode } from './choose-targets.ts';
import { priorityIn } from './command-message.ts';
import type { ExecOptions } from './read-options.ts';

/**
 * Says which nodes a run would be for, who of them is away since when, what a template comes to, and what it takes of the
 * link, without what is printed. Throws UsageError.
 */
export async function printDryRun(
  api: StewardApi,
  call: ParsedCall,
  { options, nodes }: { options: ExecOptions; nodes: readonly ChosenNode[] },
): Promise<number> {
  const link = await linkOf(api);
  const scriptBytes = options.script === undefined ? 0 : packedSize(options.script);
  const isUrgent = priorityIn(options, scriptBytes ?? 0) === 'urgent';
  const things = nodes.map((node) => {
    const { name, presence, lastSeenAt, callsAt } = node;
    const filled = options.isTemplate && options.command !== undefined;
    const command = filled ? { command: options.command.map((word) => fillTemplate(word, node)) } : {};
    const words = command.command ?? options.command ?? [];
    const bytes = options.takesStdin || scriptBytes === null ? null : scriptBytes + askedBytes(words);
    return { name, presence, lastSeenAt, callsAt, ...command, ...costOf(name, bytes, { link, isUrgent }) };
  });
  call.stdout.write(listText(things, options.form, () => dryRunText(call, things, options)));
  return EXIT.ok;
}

/** The request and its answers, without what the command prints. */
function askedBytes(words: readonly string[]): number {
  return REQUEST_BYTES + Buffer.byteLength(words.join(' '));
}

type DryRunNode = Pick<ChosenNode, 'name' | 'presence' | 'lastSeenAt' | 'callsAt'> &
  LinkCost & { command?: readonly string[] };

function dryRunText(call: ParsedCall, nodes: readonly DryRunNode[], { targets }: ExecOptions): string {
  const now = Date.now();
  const columns: ColumnOf<DryRunNode>[] = [
    { title: 'NODE', of: ({ name }) => name },
    { title: 'PRESENCE', of: ({ presence, callsAt }) => presenceCell(presence, callWords(callsAt, now)) },
    { title: 'LAST SEEN', rank: 0, of: ({ lastSeenAt }) => seenText(lastSeenAt, now) },
    ...costColumns(nodes),
  ];
  if (nodes.some(({ command }) => command !== undefined))
    columns.push({ title: 'COMMAND', canShrink: true, of: ({ command = [] }) => joinWords(command) });
  const away = nodes.filter(({ presence }) => presence === 'away').length;
  const central = targets.includes('*') ? '; * leaves out the central node' : '';
  const count = `${countWords(nodes.length, 'node')}, ${away} of them away${central}; ${costWords(nodes)} and what it prints; nothing was run`;
  return `${tableOf(columns, nodes, terminalOf(call.stdout, call))}${count}\n`;
}

function seenText(lastSeenAt: number | null, now: number): string {
  return lastSeenAt === null ? 'never' : `${clockWords(lastSeenAt, now)} (${agoWords(lastSeenAt, now)})`;
}
