import type { LinkAnswer, NodeLink } from '../../contract/link.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { durationWords } from '../../lib/time-words.ts';
import type { Terminal } from '../line/terminal.ts';
import { presenceCell } from './state-colours.ts';
import { formatTable, sentenceLines } from './table.ts';

const COLUMNS = [
  { title: 'NODE', canShrink: true },
  { title: 'PRESENCE', rank: 0 },
  { title: 'RATE', isRight: true },
  { title: 'ROUND TRIP', isRight: true, rank: 2 },
  { title: 'QUEUED', isRight: true, rank: 1 },
  { title: 'SIZE', isRight: true, rank: 3 },
  { title: 'EMPTY IN', isRight: true },
] as const;

/** How a link does, in sentences, and a table of the ways to other nodes. */
export function linkText(link: LinkAnswer, nodes: readonly NodeLink[], terminal: Terminal): string {
  const { day, inBytes, outBytes, sent, broker, hello } = link;
  const classes = Object.entries(sent).map(([name, bytes]) => `${name} ${sizeWords(bytes)}`);
  const sentences = [
    `today, ${day}: ${sizeWords(inBytes)} in, ${sizeWords(outBytes)} out; messages among that: ${classes.join(', ')}`,
    broker.bytesPerSecond === null
      ? 'to the broker: not measured yet'
      : `to the broker: ${rateText(broker)}, round trip ${timeText(broker.roundTripMs)}`,
    hello === null
      ? 'hellos: none'
      : `hellos: one every ${durationWords(hello.everySeconds * 1000)}, ${sizeWords(hello.bytesADay)} a day`,
  ];
  const head = sentences.map((sentence) => sentenceLines(sentence, terminal, '  ')).join('');
  if (nodes.length === 0) return `${head}nothing was sent to another node lately, and nothing waits\n`;
  const rows = nodes.map((node) => [
    node.node,
    presenceCell(node.presence),
    rateText(node),
    timeText(node.roundTripMs),
    node.queued === 0 ? '-' : String(node.queued),
    node.queued === 0 ? '-' : sizeWords(node.queuedBytes),
    node.queued === 0 ? '-' : timeText(node.emptyInMs),
  ]);
  return `${head}\n${formatTable(COLUMNS, rows, terminal)}`;
}

/** A way that was never full may do more than it did. */
function rateText({ bytesPerSecond, wasFull }: Pick<NodeLink, 'bytesPerSecond' | 'wasFull'>): string {
  if (bytesPerSecond === null) return '-';
  return `${wasFull ? '' : '>= '}${sizeWords(bytesPerSecond)}/s`;
}

function timeText(ms: number | null): string {
  return ms === null ? '-' : durationWords(ms);
}
