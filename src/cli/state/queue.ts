import type { QueueSummary } from '../../contract/queues.ts';
import { agoWords } from '../../lib/time-words.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';
import { EXIT } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { type ColumnOf, tableOf } from '../print/table.ts';
import { tell } from '../print/tell.ts';

/** `steward queue`: what waits here to be delivered, and for what it waits. */
export const queue = defineNodeCommand({
  usage: ['queue [options] [TARGET...]'],
  about: [
    'Lists the queues of messages that wait in the running node to be delivered: one for each node and method, with',
    'how many there are, since when, how often the first was tried and when it is tried next.',
  ],
  options: {},
  operands: ['target'],
  examples: [
    { line: 'steward queue', does: 'all queues that hold something' },
    { line: 'steward queue ship2', does: 'what waits for ship2' },
  ],
  run: async (call) => {
    const api = await call.api();
    const all = (await api.queues()).filter(({ queued }) => queued > 0);
    const found = call.operands.length === 0 ? undefined : await api.targets({ targets: call.operands });
    for (const { reason } of found?.unknown ?? []) tell(call.stderr, reason);
    const names = found && new Set(found.nodes.map(({ name }) => name));
    const shown = names ? all.filter(({ node }) => names.has(node)) : all;
    const isUnknown = found !== undefined && found.unknown.length > 0;
    const isNone = isUnknown && shown.length === 0;
    call.print(shown, () => (isNone ? '' : queuesText(shown, terminalOf(call.stdout, call))));
    return isUnknown ? EXIT.noNode : EXIT.ok;
  },
});

function queuesText(all: readonly QueueSummary[], terminal: Terminal): string {
  if (all.length === 0) return 'nothing waits to be delivered\n';
  const now = Date.now();
  const columns: readonly ColumnOf<QueueSummary>[] = [
    { title: 'NODE', canShrink: true, of: ({ node }) => node },
    { title: 'METHOD', canShrink: true, of: ({ method }) => method },
    { title: 'QUEUED', isRight: true, of: ({ queued }) => queued },
    { title: 'OLDEST', of: ({ oldestQueuedAt: at }) => (at === null ? '-' : agoWords(at, now)) },
    { title: 'ATTEMPTS', isRight: true, rank: 0, of: ({ attempts }) => attempts },
    { title: 'NEXT', rank: 1, of: ({ nextAttemptAt: at }) => (at === null ? '-' : agoWords(at, now)) },
    { title: 'WAITS FOR', canShrink: true, goesBelow: true, of: ({ waitsFor }) => waitsFor ?? '' },
  ];
  return tableOf(columns, all, terminal);
}
