import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { ErrorLine, NodeSummary } from '../../contract/nodes.ts';
import type { QueueSummary } from '../../contract/queues.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { countOf, type Outcome } from '../../contract/states.ts';
import { callWords } from '../../lib/call-words.ts';
import { clockWords } from '../../lib/time-words.ts';
import { shownBatches } from '../state/bindings/batches.ts';
import { shownTemplates } from '../state/bindings/form.ts';
import { shownNodes } from '../state/bindings/nodes.ts';
import { shownErrors, shownQueues } from '../state/bindings/queues.ts';
import { listHeight } from '../state/layout.ts';
import { labelText } from '../state/node-list.ts';
import { shownRequests } from '../state/request-list.ts';
import type { Screen, State, Template } from '../state/state.ts';
import { cleanLine } from '../text/clean.ts';
import { type Line, type Span, span } from '../text/spans.ts';
import { age, until } from '../text/times.ts';
import { presenceSpan, resultText, stateSpan } from './state-styles.ts';
import { type Column, tableLines } from './table.ts';

/** From this width on, times of day stand where ages would. */
const WIDE = 100;

type ListScreen = Extract<Screen, { position: unknown }>;

/** The list of a screen as lines: its heading and the rows in sight. */
export function listLines(state: State, screen: ListScreen): Line[] {
  const shape = { position: screen.position, height: listHeight(state, screen), width: state.size.columns };
  const lines = <T>(columns: readonly Column<T>[], rows: readonly T[], keyOf: (row: T) => string) =>
    tableLines({ ...shape, columns, rows, keyOf, empty: emptyText(state, screen) });
  switch (screen.kind) {
    case 'nodes':
      return lines(nodeColumns(state), shownNodes(state, screen), ({ name }) => name);
    case 'requests':
      return lines(requestColumns(state, screen.node !== null), shownRequests(state, screen), ({ id }) => id);
    case 'batches':
      return lines(batchColumns(state), shownBatches(screen), ({ id }) => id);
    case 'queues':
      return lines(queueColumns(state), shownQueues(screen), ({ subject }) => subject);
    case 'errors':
      return lines(ERROR_COLUMNS, shownErrors(screen), ({ node, line }) => `${node} ${line}`);
    case 'templates':
      return lines(TEMPLATE_COLUMNS, shownTemplates(screen), ({ name }) => name);
  }
}

const ERROR_COLUMNS: readonly Column<ErrorLine>[] = [
  { title: 'NODE', width: 'natural', limit: 24, cell: ({ node }) => cleanLine(node) },
  { title: 'ERROR, NEWEST FIRST', width: 'rest', limit: 20, cell: ({ line }) => cleanLine(errorText(line)) },
];

/** An error without its date and its node, which have no room here; the row's own page has the whole line. */
function errorText(line: string): string {
  return line.replace(/^\w{3} \w{3} +\d+ [\d:]+ (?:\w+ )?\d{4}, node: [^,]*, /, '');
}

function emptyText(state: State, screen: ListScreen): string {
  const items = screen.kind === 'nodes' ? state.nodes : screen.items;
  if (screen.fault !== null) return screen.fault;
  if (items === null || ('isLoading' in screen && screen.isLoading && items.length === 0)) return 'reading …';
  if (screen.filter.letters.length > 0) return 'nothing fits the filter; esc drops it';
  return screen.kind === 'templates' ? `no message files in ${state.templatesFolder}` : EMPTY[screen.kind];
}

const EMPTY = {
  nodes: 'no node is known yet',
  requests: 'no requests',
  batches: 'nothing was submitted yet',
  queues: 'nothing waits to be delivered',
  errors: 'no errors were collected here',
} as const;

function nodeColumns({ now }: State): Column<NodeSummary>[] {
  return [
    {
      title: 'NODE',
      width: 'natural',
      limit: 30,
      cell: ({ name, isSelf }) => (isSelf ? span(cleanLine(name), 'bold') : cleanLine(name)),
    },
    {
      title: 'PRESENCE',
      width: 'natural',
      limit: 30,
      cell: ({ presence, callsAt }) => presenceSpan(presence, callWords(callsAt, now)),
    },
    { title: 'SEEN', width: 5, cell: ({ lastSeenAt, isSelf }) => age(isSelf ? now : lastSeenAt, now) },
    { title: 'QUEUED', width: 6, side: 'right', cell: ({ queued }) => countSpan(queued, 'wait') },
    { title: 'RUNS', width: 4, side: 'right', rank: 3, cell: ({ running }) => countSpan(running, 'busy') },
    {
      title: 'VERSION',
      width: 'natural',
      limit: 12,
      rank: 2,
      cell: ({ version }) => cleanLine(version ?? '-'),
    },
    { title: 'SYSTEM', width: 'natural', limit: 16, rank: 1, cell: systemText },
    {
      title: 'LABELS',
      width: 'rest',
      limit: 8,
      rank: 0,
      cell: ({ labels, note }) => span(labelText(labels, note), 'dim'),
    },
  ];
}

/** The system of a node as `linux/x64`, without its version. */
function systemText({ os, arch }: NodeSummary): string {
  if (os === null) return '-';
  return cleanLine([os.split(' ')[0], ...(arch === null ? [] : [arch])].join('/'));
}

function requestColumns(state: State, isOfOneNode: boolean): Column<RequestSummary>[] {
  const node: Column<RequestSummary> = {
    title: 'NODE',
    width: 'natural',
    limit: state.size.columns >= WIDE ? 30 : 16,
    cell: ({ node }) => cleanLine(node),
  };
  return [
    whenColumn(state, ({ queuedAt }) => queuedAt),
    ...(isOfOneNode ? [] : [node]),
    { title: 'METHOD', width: 'natural', limit: 18, rank: 1, cell: ({ method }) => cleanLine(method) },
    { title: 'WHAT', width: 'natural', limit: whatWidth(state.size.columns), cell: whatSpan },
    { title: 'STATE', width: 11, cell: ({ state }) => stateSpan(state) },
    {
      title: 'TRIES',
      width: 5,
      side: 'right',
      rank: 0,
      cell: ({ attempts }) => countSpan(attempts, 'plain'),
    },
    { title: 'RESULT', width: 'rest', limit: 18, cell: (request) => resultText(request, state.now) },
  ];
}

/** A third of the screen for what was asked. */
function whatWidth(columns: number): number {
  return Math.max(12, Math.floor(columns / 3));
}

/** What was asked; the method where that is all, or where a node of an earlier version does not say it. */
function whatSpan({ what, method }: RequestSummary): Span {
  return what ? cleanLine(what) : span(cleanLine(method), 'dim');
}

function batchColumns(state: State): Column<BatchSummary>[] {
  const count = (title: string, style: 'good' | 'bad' | 'busy' | 'wait', outcomes: readonly Outcome[]) => ({
    title,
    width: 'natural' as const,
    limit: 6,
    side: 'right' as const,
    cell: (batch: BatchSummary) => countSpan(countOf(batch.counts, ...outcomes), style),
  });
  return [
    whenColumn(state, ({ at }) => at),
    { title: 'WHAT', width: 'rest', limit: 16, cell: ({ label }) => cleanLine(label) },
    { title: 'NODES', width: 'natural', limit: 6, side: 'right', cell: ({ total }) => String(total) },
    count('OK', 'good', ['succeeded']),
    count('FAILED', 'bad', ['failed', 'timed-out', 'unreached']),
    count('RUNS', 'busy', ['running']),
    count('WAITS', 'wait', ['waiting']),
  ];
}

function queueColumns(state: State): Column<QueueSummary>[] {
  return [
    { title: 'NODE', width: 'natural', limit: 24, cell: ({ node }) => cleanLine(node) },
    { title: 'METHOD', width: 'natural', limit: 20, cell: ({ method }) => cleanLine(method) },
    { title: 'QUEUED', width: 7, side: 'right', cell: ({ queued }) => countSpan(queued, 'wait') },
    {
      title: 'OLDEST',
      width: 6,
      side: 'right',
      cell: ({ oldestQueuedAt }) => age(oldestQueuedAt, state.now),
    },
    {
      title: 'TRIES',
      width: 5,
      side: 'right',
      rank: 1,
      cell: ({ attempts }) => countSpan(attempts, 'plain'),
    },
    {
      title: 'NEXT',
      width: 7,
      rank: 0,
      cell: ({ nextAttemptAt }) => (nextAttemptAt === null ? '-' : until(nextAttemptAt, state.now)),
    },
    { title: 'WAITS FOR', width: 'rest', limit: 16, cell: ({ waitsFor }) => cleanLine(waitsFor ?? '') },
  ];
}

const TEMPLATE_COLUMNS: readonly Column<Template>[] = [
  { title: 'TEMPLATE', width: 'natural', limit: 32, cell: ({ name }) => cleanLine(name) },
  {
    title: 'TO',
    width: 'natural',
    limit: 20,
    rank: 0,
    cell: ({ messages }) => cleanLine(templateTargets(messages)),
  },
  {
    title: 'MESSAGE',
    width: 'rest',
    limit: 16,
    cell: ({ messages, fault }) =>
      fault === null ? cleanLine(templateText(messages ?? [])) : span(cleanLine(fault), 'bad'),
  },
];

function templateTargets(messages: Template['messages']): string {
  const [first] = messages ?? [];
  const { toNode, toNodes } = first ?? {};
  return [toNode, ...(Array.isArray(toNodes) ? toNodes : [])]
    .filter((name) => typeof name === 'string')
    .join(' ');
}

function templateText(messages: NonNullable<Template['messages']>): string {
  const [first] = messages;
  const args = Array.isArray(first?.methodArgs) ? first.methodArgs.join(' ') : '';
  const more = messages.length > 1 ? ` and ${messages.length - 1} more` : '';
  return `${String(first?.method ?? '')} ${args}${more}`;
}

function whenColumn<T>({ now, size }: State, at: (row: T) => number): Column<T> {
  return size.columns >= WIDE
    ? { title: 'QUEUED AT', width: 16, cell: (row) => clockWords(at(row), now) }
    : { title: 'AGE', width: 4, cell: (row) => age(at(row), now) };
}

/** A number; a zero is not worth a look. */
function countSpan(count: number, style: 'good' | 'bad' | 'busy' | 'wait' | 'plain'): Span {
  return count === 0 ? span('·', 'dim') : span(String(count), style);
}
