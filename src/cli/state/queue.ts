import type { QueueSummary } from '../../contract/nodes.ts';
import { agoWords } from '../../lib/time-words.ts';
import { FORM_OPTIONS, formOf, listText, NODE_OPTIONS, withNode } from '../fleet/with-node.ts';
import { defineCommand } from '../line/command.ts';
import { EXIT } from '../line/exit-codes.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { formatTable } from '../print/table.ts';
import { tell } from '../print/tell.ts';

const COLUMNS = [
  { title: 'NODE', canShrink: true },
  { title: 'METHOD', canShrink: true },
  { title: 'QUEUED', isRight: true },
  { title: 'OLDEST' },
  { title: 'ATTEMPTS', isRight: true, rank: 0 },
  { title: 'NEXT', rank: 1 },
  { title: 'WAITS FOR', canShrink: true, goesBelow: true },
] as const;

/** `steward queue`: what waits here to be delivered, and for what it waits. */
export const queue = defineCommand({
  usage: ['queue [options] [TARGET...]'],
  about: [
    'Lists the queues of messages that wait in the running node to be delivered: one for each node and method, with',
    'how many there are, since when, how often the first was tried and when it is tried next.',
  ],
  options: { ...FORM_OPTIONS, ...NODE_OPTIONS },
  operands: ['target'],
  examples: [
    { line: 'steward queue', does: 'all queues that hold something' },
    { line: 'steward queue ship2', does: 'what waits for ship2' },
  ],
  run: async (call) => {
    const form = formOf(call.options);
    return await withNode(call, async (api) => {
      const all = (await api.queues()).filter(({ queued }) => queued > 0);
      const found = call.operands.length === 0 ? undefined : await api.targets({ targets: call.operands });
      for (const { reason } of found?.unknown ?? []) tell(call.stderr, reason);
      const names = found && new Set(found.nodes.map(({ name }) => name));
      const shown = names ? all.filter(({ node }) => names.has(node)) : all;
      const isUnknown = found !== undefined && found.unknown.length > 0;
      call.stdout.write(
        listText(shown, form, () =>
          isUnknown && shown.length === 0 ? '' : queuesText(shown, terminalOf(call.stdout, call)),
        ),
      );
      return isUnknown ? EXIT.noNode : EXIT.ok;
    });
  },
});

function queuesText(all: readonly QueueSummary[], terminal: Terminal): string {
  if (all.length === 0) return 'nothing waits to be delivered\n';
  const now = Date.now();
  const rows = all.map((one) => [
    one.node,
    one.method,
    String(one.queued),
    one.oldestQueuedAt === null ? '-' : agoWords(one.oldestQueuedAt, now),
    String(one.attempts),
    one.nextAttemptAt === null ? '-' : agoWords(one.nextAttemptAt, now),
    one.waitsFor ?? '',
  ]);
  return formatTable(COLUMNS, rows, terminal);
}
