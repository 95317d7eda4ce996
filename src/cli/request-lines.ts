import type { RequestSummary } from '../contract/requests.ts';
import { durationText } from './format/duration.ts';
import { agoText, momentText } from './format/moment.ts';
import { stateCell } from './format/state-colours.ts';
import { type Cell, formatTable } from './format/table.ts';
import { padTo, toLine } from './format/text-width.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS = [
  { title: 'ID' },
  { title: 'QUEUED' },
  { title: 'NODE', canShrink: true },
  { title: 'METHOD' },
  { title: 'STATE' },
  { title: 'TOOK', isRight: true },
  { title: 'WHY', canShrink: true },
] as const;

/**
 * Requests as a table, in the order in which they come. Ids are whole: those of one submission differ only at their
 * ends, and a list that was filtered does not show which others there are.
 */
export function requestsTable(requests: readonly RequestSummary[], terminal: Terminal, now: number): string {
  const rows = requests.map((request): Cell[] => [
    request.id,
    `${momentText(request.queuedAt, now)} (${agoText(request.queuedAt, now)})`,
    request.node,
    request.method,
    stateCell(request.state),
    tookText(request),
    whyText(request),
  ]);
  return formatTable(COLUMNS, rows, terminal);
}

const NODE_WIDTH = 10;
const STATE_WIDTH = 11;

/** A change of a request, in a line: `14:03:22  ship1  succeeded  REQCliCommand 1.2 s  01a204f7-...`. */
export function changeLine(request: RequestSummary, terminal: Terminal, now: number): string {
  const { id, node, method, state } = request;
  const cell = stateCell(state);
  const format = typeof cell === 'string' ? 'reset' : cell.format;
  const shownState = terminal.style(format, padTo(state, STATE_WIDTH));
  const more = [tookText(request), whyText(request)].filter((text) => text !== '' && text !== '-');
  const parts = [momentText(changedAt(request) ?? now, now), padTo(toLine(node), NODE_WIDTH), shownState];
  return `${[...parts, id, method, ...more.map(toLine)].join('  ')}\n`;
}

function changedAt({ queuedAt, sentAt, acceptedAt, startedAt, endedAt }: RequestSummary): number | null {
  return endedAt ?? startedAt ?? acceptedAt ?? sentAt ?? queuedAt;
}

function tookText({ tookMs }: RequestSummary): string {
  return tookMs == null ? '-' : durationText(tookMs);
}

function whyText({ reason, exitCode, signal }: RequestSummary): string {
  if (reason !== null) return reason;
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`;
}
