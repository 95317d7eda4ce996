import { outcomeCounts } from '../../contract/states.ts';
import { callWords } from '../../lib/call-words.ts';
import { clockWords, countWords } from '../../lib/time-words.ts';
import { labelText } from '../state/node-list.ts';
import type { RequestsScreen, State } from '../state/state.ts';
import { cleanLine } from '../text/clean.ts';
import { type Line, type Span, span } from '../text/spans.ts';
import { age, ago } from '../text/times.ts';
import { outcomeStyle, presenceSpan } from './state-styles.ts';

/** What stands above the list of a node's or a batch's requests. */
export function headLines(state: State, screen: RequestsScreen): Line[] {
  if (screen.node !== null) return nodeLines(state, screen.node);
  return screen.batch === null ? [] : [batchLine(screen), []];
}

function nodeLines(state: State, name: string): Line[] {
  const node = state.nodes?.find((candidate) => candidate.name === name);
  if (node === undefined) return [[span('  It was never heard of here.', 'dim')], [], [], []];
  const { presence, lastSeenAt, version, os, arch, startedAt, isSelf, isCentral, queued, running } = node;
  const role = [...(isSelf ? ['the node that is asked'] : []), ...(isCentral ? ['the central node'] : [])];
  return [
    [
      '  ',
      presenceSpan(presence, callWords(node.callsAt, state.now)),
      isSelf ? '' : `, seen ${ago(lastSeenAt, state.now)}`,
      role.length === 0 ? '' : `, ${role.join(' and ')}`,
    ],
    [
      `  ${cleanLine(`${os ?? 'system not told'} ${arch ?? ''}`)}, version ${cleanLine(version ?? 'not told')}`,
      startedAt === null ? '' : `, started ${clockWords(startedAt, state.now)}`,
      span(`  ${labelText(node.labels, node.note)}`, 'dim'),
    ],
    [`  ${queued} queued, ${running} running`, ...queueSpans(state, name)],
    [],
  ];
}

/** Of what waits for a node: the first queues, with what they wait for. */
function queueSpans(state: State, name: string): Span[] {
  const { queues } = state.tabs;
  const own = queues.kind === 'queues' ? (queues.items ?? []).filter(({ node }) => node === name) : [];
  const [first] = own;
  if (first === undefined) return [];
  const waits = first.waitsFor === null ? '' : ` (${cleanLine(first.waitsFor)})`;
  const more = own.length > 1 ? ` and ${countWords(own.length - 1, 'more queue')}` : '';
  const oldest = `, oldest ${age(first.oldestQueuedAt, state.now)}`;
  return [span(`: ${first.queued} ${cleanLine(first.method)}${oldest}${waits}${more}`, 'dim')];
}

function batchLine({ batch }: RequestsScreen): Line {
  if (batch === null) return [];
  const counts = outcomeCounts(batch.counts).flatMap(({ outcome, count }, index): Span[] => [
    index === 0 ? '' : ', ',
    span(`${count} ${outcome}`, outcomeStyle(outcome)),
  ]);
  return [`  ${countWords(batch.total, 'request')}: `, ...counts];
}
