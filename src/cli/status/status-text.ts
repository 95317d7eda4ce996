import type { StatusAnswer } from '../../contract/nodes.ts';
import type { BatchSummary, RequestDetail, RequestSummary, StateCounts } from '../../contract/requests.ts';
import { OUTCOMES, outcomeOf, REQUEST_STATES, type RequestState } from '../../contract/states.ts';
import { bytesText } from '../format/bytes-text.ts';
import { durationText } from '../format/duration.ts';
import { agoText, momentText } from '../format/moment.ts';
import { shortLength } from '../format/short-id.ts';
import { outcomeColour } from '../format/state-colours.ts';
import { formatTable } from '../format/table.ts';
import { toLine } from '../format/text-width.ts';
import { requestsTable } from '../request-lines.ts';
import type { Terminal } from '../terminal.ts';
import { messageText } from '../why.ts';

/** Where and when something is shown. */
interface Show {
  readonly terminal: Terminal;
  readonly now: number;
}

const BATCH_COLUMNS = [
  { title: 'BATCH' },
  { title: 'WHEN' },
  { title: 'TOTAL', isRight: true },
  { title: 'STATES', canShrink: true },
  { title: 'WHAT', canShrink: true },
] as const;

/** The node, its requests and the latest batches. */
export function overviewText(
  { node, version, startedAt, broker, counts, nodes }: StatusAnswer,
  batches: readonly Omit<BatchSummary, 'plan'>[],
  show: Show,
): string {
  const { terminal, now } = show;
  const link = broker.isConnected
    ? `${terminal.style('green', 'connected')} to the broker ${broker.address}`
    : `${terminal.style('red', 'not connected')} to the broker ${broker.address}${broker.fault === null ? '' : `: ${broker.fault}`}`;
  const presence = `${nodes.here} here, ${nodes.away} away, ${nodes.unknown} never heard of`;
  return [
    `${terminal.style('bold', node)}  version ${version}, up ${durationText(now - startedAt)}, ${link}\n`,
    `nodes     ${presence}\n`,
    `requests  ${groupsText(counts as StateCounts, terminal) || 'none yet'}\n`,
    batches.length === 0 ? '' : `\n${batchesTable(batches, show)}`,
  ].join('');
}

function batchesTable(batches: readonly Omit<BatchSummary, 'plan'>[], { terminal, now }: Show): string {
  const length = shortLength(batches.map(({ id }) => id));
  const rows = batches.map(({ id, at, total, counts, label }) => [
    id.slice(0, length),
    whenText(at, now),
    String(total),
    plainGroups(counts),
    label,
  ]);
  return formatTable(BATCH_COLUMNS, rows, terminal);
}

/** A batch with its requests: those that need looking at first. */
export function batchText(
  batch: BatchSummary & { readonly requests: readonly RequestSummary[] },
  { terminal, now, hasMore }: Show & { readonly hasMore: boolean },
): string {
  const { id, at, label, total, counts, requests } = batch;
  const rank = ({ state }: RequestSummary) => RANKS.indexOf(outcomeOf(state));
  const ordered = requests.toReversed().sort((a, b) => rank(a) - rank(b));
  return [
    `${terminal.style('bold', id)}  ${toLine(label)}\n`,
    `queued ${whenText(at, now)}, ${total} ${total === 1 ? 'request' : 'requests'}: ${groupsText(counts, terminal)}\n\n`,
    requestsTable(ordered, terminal, now),
    hasMore ? `and ${total - requests.length} more: --limit ${total} shows all\n` : '',
  ].join('');
}

const RANKS = ['failed', 'timed-out', 'unreached', 'cancelled', 'running', 'waiting', 'succeeded'];

/** All that is known of a request, but for its timeline. */
export function requestText(request: RequestDetail, { terminal, now }: Show): string {
  const { id, node, state, why, batch, attempts, stdout, stderr, queuedAt, expiresAt } = request;
  const lines: [string, string][] = [
    ['node', node],
    ['state', terminal.style(outcomeColour(outcomeOf(state)), state)],
    ['asked', messageText(request)],
    ['batch', batch ?? '-'],
    ['queued', `${whenText(queuedAt, now)}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`],
    ...(expiresAt === null ? [] : [['expires', whenText(expiresAt, now)] as [string, string]]),
    ['printed', `${outputText(stdout)} on stdout, ${outputText(stderr)} on stderr`],
    ...relatives(request),
  ];
  const facts = lines
    .map(([name, value]) => `${name.padEnd(8)} ${isStyled(value) ? value : toLine(value)}\n`)
    .join('');
  return `${terminal.style('bold', id)}\n${toLine(why)}\n\n${facts}\nits timeline: steward why ${id}\n`;
}

function isStyled(value: string): boolean {
  return value.startsWith('\u001b[');
}

function relatives({ resendOf, resentAs }: RequestDetail): [string, string][] {
  return [
    ...(resendOf === null ? [] : [['repeats', resendOf] as [string, string]]),
    ...(resentAs.length === 0 ? [] : [['again as', resentAs.join(', ')] as [string, string]]),
  ];
}

function outputText({ keptBytes, totalBytes }: RequestDetail['stdout']): string {
  return keptBytes === totalBytes
    ? bytesText(totalBytes)
    : `${bytesText(totalBytes)} (${bytesText(keptBytes)} kept)`;
}

function whenText(at: number, now: number): string {
  return `${momentText(at, now)} (${agoText(at, now)})`;
}

/** `170 succeeded, 3 failed`, in colours. */
function groupsText(counts: StateCounts, terminal: Terminal): string {
  return groupsOf(counts)
    .map(({ outcome, count }) => terminal.style(outcomeColour(outcome), `${count} ${outcome}`))
    .join(', ');
}

function plainGroups(counts: StateCounts): string {
  return groupsOf(counts)
    .map(({ outcome, count }) => `${count} ${outcome}`)
    .join(', ');
}

function groupsOf(counts: StateCounts) {
  const entries = Object.entries(counts).filter(([state]) => REQUEST_STATES.includes(state as RequestState));
  return OUTCOMES.map((outcome) => ({
    outcome,
    count: entries.reduce(
      (sum, [state, count]) => (outcomeOf(state as RequestState) === outcome ? sum + count : sum),
      0,
    ),
  })).filter(({ count }) => count > 0);
}
