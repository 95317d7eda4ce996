import type { LinkAnswer, NodeLink } from '../../contract/link.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { budgetDayWords, durationWords } from '../../lib/time-words.ts';
import type { Terminal } from '../line/terminal.ts';
import { type ColumnOf, presenceCell, sentenceLines, tableOf } from './table.ts';

const COLUMNS: readonly ColumnOf<NodeLink>[] = [
  { title: 'NODE', canShrink: true, of: ({ node }) => node },
  { title: 'PRESENCE', rank: 0, of: ({ presence }) => presenceCell(presence) },
  { title: 'RATE', isRight: true, of: rateText },
  { title: 'ROUND TRIP', isRight: true, rank: 2, of: ({ roundTripMs }) => timeText(roundTripMs) },
  { title: 'QUEUED', isRight: true, rank: 1, of: ({ queued }) => queued || '-' },
  { title: 'SIZE', isRight: true, rank: 3, of: (one) => (one.queued ? sizeWords(one.queuedBytes) : '-') },
  { title: 'EMPTY IN', isRight: true, of: (one) => (one.queued ? timeText(one.emptyInMs) : '-') },
];
const BUDGET_LEFT: ColumnOf<NodeLink> = {
  ...{ title: 'BUDGET LEFT', isRight: true, rank: 5 },
  of: ({ budget }) => (budget ? sizeWords(budget.leftBytes) : '-'),
};
const WAITS_FOR: ColumnOf<NodeLink> = {
  ...{ title: 'WAITS FOR', canShrink: true, rank: 4 },
  of: ({ waitsFor }) => waitsFor ?? '',
};

/** How a link does, in sentences, and a table of the ways to other nodes. */
export function linkText(link: LinkAnswer, nodes: readonly NodeLink[], terminal: Terminal): string {
  const { day, inBytes, outBytes, sent, broker, hello, budget } = link;
  const classes = Object.entries(sent).map(([name, bytes]) => `${name} ${sizeWords(bytes)}`);
  const sentences = [
    `today, ${day}: ${sizeWords(inBytes)} in, ${sizeWords(outBytes)} out; messages among that: ${classes.join(', ')}`,
    ...(budget === null ? [] : [`budget: ${budgetText(budget)}`]),
    broker.bytesPerSecond === null
      ? 'to the broker: not measured yet'
      : `to the broker: ${rateText(broker)}, round trip ${timeText(broker.roundTripMs)}`,
    hello === null
      ? 'hellos: none'
      : `hellos: one every ${durationWords(hello.everySeconds * 1000)}, ${sizeWords(hello.bytesADay)} a day`,
  ];
  const head = sentences.map((sentence) => sentenceLines(sentence, terminal, '  ')).join('');
  if (nodes.length === 0) return `${head}nothing was sent to another node lately, and nothing waits\n`;
  const columns = [
    ...COLUMNS,
    ...(nodes.some(({ budget }) => budget) ? [BUDGET_LEFT] : []),
    ...(nodes.some(({ waitsFor }) => waitsFor) ? [WAITS_FOR] : []),
  ];
  return `${head}\n${tableOf(columns, nodes, terminal)}`;
}

/** What may go, what is left, and what waits where that is nothing. */
function budgetText({ bytesPerDay, leftBytes, nextAt }: NonNullable<LinkAnswer['budget']>): string {
  const left = `${sizeWords(bytesPerDay)} a day, ${sizeWords(leftBytes)} left`;
  return `${left}; when that is used up, all but what is urgent waits for ${budgetDayWords(nextAt, Date.now())}`;
}

/** A way that was never full may do more than it did. */
function rateText({ bytesPerSecond, wasFull }: Pick<NodeLink, 'bytesPerSecond' | 'wasFull'>): string {
  if (bytesPerSecond === null) return '-';
  return `${wasFull ? '' : '>= '}${sizeWords(bytesPerSecond)}/s`;
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : durationWords(ms);
}
