import type { BatchSummary, StateCounts } from '../../../contract/batch-summary.ts';
import type { StatusAnswer } from '../../../contract/nodes.ts';
import type { RequestDetail, RequestSummary } from '../../../contract/requests.ts';
import { outcomeCounts, outcomeOf } from '../../../contract/states.ts';
import { sizeWords } from '../../../lib/size-words.ts';
import { countWords, durationWords } from '../../../lib/time-words.ts';
import { visibleLine } from '../../../lib/visible.ts';
import type { Terminal } from '../../line/terminal.ts';
import { shortLength } from '../../print/short-id.ts';
import { type ColumnOf, outcomeColour, sentenceLines, tableOf } from '../../print/table.ts';
import { widthOf } from '../../print/text-width.ts';
import { requestsTable, whenText } from '../request-lines.ts';
import { messageText } from '../why.ts';

const TRUST = {
  open: 'open: any node may ask it for anything that the broker lets through',
  watch: 'watched: open, and what a closed node would refuse is counted (steward trust)',
  closed: 'closed: nodes prove who they are, and ships ask central for nothing',
} as const;

/** Where and when something is shown. */
interface Show {
  readonly terminal: Terminal;
  readonly now: number;
}

/** Times with their clock. */
const WHOLE = { isTerminal: false };

/** The node, its requests and the latest batches. */
export function overviewText(
  { node, version, startedAt, trust, broker, counts, nodes }: StatusAnswer,
  batches: readonly Omit<BatchSummary, 'plan'>[],
  show: Show,
): string {
  const { terminal, now } = show;
  const link = broker.isConnected
    ? `${terminal.style('green', 'connected')} to the broker ${broker.address}`
    : `${terminal.style('red', 'not connected')} to the broker ${broker.address}${broker.fault === null ? '' : `: ${visibleLine(broker.fault)}`}`;
  const presence = `${nodes.here} here, ${nodes.away} away, ${nodes.unknown} never heard of`;
  return [
    headLines(
      `${terminal.style('bold', node)}  version ${version}, up ${durationWords(now - startedAt)}`,
      link,
      terminal,
    ),
    factLine(`nodes     ${presence}`, terminal),
    factLine(`requests  ${groupsText(counts as StateCounts, terminal) || 'none yet'}`, terminal),
    factLine(`trust     ${TRUST[trust]}`, terminal),
    batches.length === 0 ? '' : `\n${batchesTable(batches, show)}`,
  ].join('');
}

/** Both parts in a line, or a line each where the terminal is too narrow. */
function headLines(left: string, right: string, terminal: Terminal): string {
  const { isTerminal, columns } = terminal;
  const isWide = !isTerminal || widthOf(left) + widthOf(right) + 2 <= columns;
  return isWide ? `${left}, ${right}\n` : `${left}\n${factLine(`broker    ${right}`, terminal)}`;
}

/** A name and what is known of it, in as many lines as a terminal needs for it. */
function factLine(text: string, terminal: Terminal): string {
  return sentenceLines(text, terminal, ' '.repeat(10));
}

function batchesTable(batches: readonly Omit<BatchSummary, 'plan'>[], { terminal, now }: Show): string {
  const length = shortLength(batches.map(({ id }) => id));
  const columns: readonly ColumnOf<Omit<BatchSummary, 'plan'>>[] = [
    { title: 'BATCH', of: ({ id }) => id.slice(0, length) },
    { title: 'WHEN', rank: 1, of: ({ at }) => whenText(at, terminal, now) },
    { title: 'TOTAL', isRight: true, rank: 0, of: ({ total }) => total },
    { title: 'STATES', canShrink: true, of: ({ counts }) => plainGroups(counts) },
    { title: 'WHAT', canShrink: true, goesBelow: true, of: ({ label }) => label },
  ];
  return tableOf(columns, batches, terminal);
}

/** A batch with its requests: those that need looking at first. */
export function batchText(
  batch: BatchSummary & { readonly requests: readonly RequestSummary[] },
  { terminal, now, hasMore }: Show & { readonly hasMore: boolean },
): string {
  const { id, at, label, total, counts, requests, waves } = batch;
  const rank = ({ state }: RequestSummary) => RANKS.indexOf(outcomeOf(state));
  const ordered = requests.toReversed().sort((a, b) => rank(a) - rank(b));
  return [
    sentenceLines(`${terminal.style('bold', id)}  ${visibleLine(label)}`, terminal),
    sentenceLines(
      `queued ${whenText(at, WHOLE, now)}, ${countWords(total, 'request')}: ${groupsText(counts, terminal)}`,
      terminal,
    ),
    waves === undefined ? '' : sentenceLines(wavesText(waves, total), terminal),
    '\n',
    requestsTable(ordered, terminal, now),
    hasMore ? `and ${total - requests.length} more: --limit ${total} shows all\n` : '',
  ].join('');
}

/** How far a batch has come that goes from node to node. */
function wavesText({ targets, isOver, stopped }: NonNullable<BatchSummary['waves']>, total: number): string {
  const without = Math.max(0, targets - total);
  if (stopped !== null) return `stopped: ${visibleLine(stopped)}; ${countWords(without, 'node')} had no turn`;
  if (isOver) return `in waves: all of ${countWords(targets, 'node')} have had their turn`;
  return `in waves: ${Math.min(total, targets)} of ${countWords(targets, 'node')} have had their turn, the others follow`;
}

const RANKS = [
  'failed',
  'timed-out',
  'unreached',
  'cancelled',
  'handed-over',
  'running',
  'waiting',
  'succeeded',
];

/** A part of what a request printed. */
export interface ShownOutput {
  readonly stream: string;
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

/** All that is known of a request, but for its timeline. */
export function requestText(
  request: RequestDetail,
  outputs: readonly ShownOutput[],
  { terminal, now }: Show,
): string {
  const { id, node, state, why, batch, attempts, stdout, stderr, queuedAt, expiresAt } = request;
  const lines: [string, string][] = [
    ['node', node],
    ['state', state],
    ['asked', messageText(request)],
    ['batch', batch ?? '-'],
    ['queued', `${whenText(queuedAt, WHOLE, now)}, ${countWords(attempts, 'attempt')}`],
    ...(expiresAt === null ? [] : [['expires', whenText(expiresAt, WHOLE, now)] as [string, string]]),
    ['printed', `${outputText(stdout)} on stdout, ${outputText(stderr)} on stderr`],
    ...relatives(request),
  ];
  const shown = (name: string, value: string) =>
    name === 'state' ? terminal.style(outcomeColour(outcomeOf(state)), value) : visibleLine(value);
  const facts = lines.map(([name, value]) => `${name.padEnd(8)} ${shown(name, value)}\n`).join('');
  const printed = outputs.map((output) => `\n${outputLines(output, terminal)}`).join('');
  const more = outputs.some(({ isWhole }) => !isWhole)
    ? `all that is kept of its output: steward watch ${id}\n`
    : '';
  return `${terminal.style('bold', id)}\n${sentenceLines(visibleLine(why), terminal)}\n${facts}${printed}\n${more}its timeline: steward why ${id}\n`;
}

function outputLines({ stream, bytes, isWhole }: ShownOutput, terminal: Terminal): string {
  const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
  // What was cut begins in the middle of a line.
  const shown = isWhole || lines.length === 1 ? lines : lines.slice(1);
  const title = isWhole ? stream : `${stream}, its end`;
  return `${[terminal.style('bold', title), ...shown.map(visibleLine)].join('\n')}\n`;
}

function relatives({ resendOf, resentAs }: RequestDetail): [string, string][] {
  return [
    ...(resendOf === null ? [] : [['repeats', resendOf] as [string, string]]),
    ...(resentAs.length === 0 ? [] : [['again as', resentAs.join(', ')] as [string, string]]),
  ];
}

function outputText({ keptBytes, totalBytes }: RequestDetail['stdout']): string {
  return keptBytes === totalBytes
    ? sizeWords(totalBytes)
    : `${sizeWords(totalBytes)} (${sizeWords(keptBytes)} kept)`;
}

/** `170 succeeded, 3 failed`, in colours. */
function groupsText(counts: StateCounts, terminal: Terminal): string {
  return outcomeCounts(counts)
    .map(({ outcome, count }) => terminal.style(outcomeColour(outcome), `${count} ${outcome}`))
    .join(', ');
}

function plainGroups(counts: StateCounts): string {
  return outcomeCounts(counts)
    .map(({ outcome, count }) => `${count} ${outcome}`)
    .join(', ');
}
