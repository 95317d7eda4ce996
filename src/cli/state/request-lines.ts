import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import { agoWords, clockWords, durationWords } from '../../lib/time-words.ts';
import { visibleLine } from '../../lib/visible.ts';
import type { Terminal } from '../line/terminal.ts';
import { clearId } from '../print/short-id.ts';
import { type ColumnOf, stateCell, tableOf } from '../print/table.ts';
import { padTo } from '../print/text-width.ts';

/** Requests as a table, in the order in which they come. */
export function requestsTable(requests: readonly RequestSummary[], terminal: Terminal, now: number): string {
  const columns: readonly ColumnOf<RequestSummary>[] = [
    { title: 'ID', goesBelow: true, of: ({ id }) => clearId(id, terminal) },
    { title: 'QUEUED', of: ({ queuedAt }) => whenText(queuedAt, terminal, now) },
    { title: 'NODE', canShrink: true, of: ({ node }) => node },
    { title: 'METHOD', rank: 0, of: ({ method }) => method },
    { title: 'STATE', of: ({ state }) => stateCell(state) },
    { title: 'TOOK', isRight: true, rank: 1, of: tookText },
    // A node of an earlier version does not say it.
    { title: 'WHAT', canShrink: true, of: ({ what }) => what ?? '' },
    { title: 'WHY', canShrink: true, goesBelow: true, of: whyText },
  ];
  return tableOf(columns, requests, terminal);
}

/** When something was: on a terminal in few words. */
export function whenText(at: number, { isTerminal }: Pick<Terminal, 'isTerminal'>, now: number): string {
  return isTerminal ? agoWords(at, now) : `${clockWords(at, now)} (${agoWords(at, now)})`;
}

const NODE_WIDTH = 10;
const STATE_WIDTH = 11;

/** A change of a request, in a line: `14:03:22  ship1  succeeded  01a204f7-...  REQCliCommand uptime  1.2 s`. */
export function changeLine(request: RequestSummary, terminal: Terminal, now: number): string {
  const { id, node, method, what = '', state } = request;
  const cell = stateCell(state);
  const format = typeof cell === 'string' ? 'reset' : cell.format;
  const shownState = terminal.style(format, padTo(state, STATE_WIDTH));
  const more = [tookText(request), whyText(request)].filter((text) => text !== '' && text !== '-');
  const parts = [
    clockWords(changedAt(request) ?? now, now),
    padTo(visibleLine(node), NODE_WIDTH),
    shownState,
  ];
  const line = [
    ...parts,
    clearId(id, terminal),
    [method, visibleLine(what)].join(' ').trim(),
    ...more.map(visibleLine),
  ].join('  ');
  return `${line}\n`;
}

function changedAt({ queuedAt, sentAt, acceptedAt, startedAt, endedAt }: RequestSummary): number | null {
  return endedAt ?? startedAt ?? acceptedAt ?? sentAt ?? queuedAt;
}

function tookText({ tookMs }: RequestSummary): string {
  return tookMs == null ? '-' : durationWords(tookMs);
}

function whyText({ state, reason, exitCode, signal, schedule }: RequestSummary): string {
  if (schedule !== undefined && !isEnd(state)) {
    const given = typeof schedule === 'string' ? schedule : JSON.stringify(schedule);
    const text = /^\d{4}-/.test(given) ? `runs at ${given}` : `runs by the schedule ${given}`;
    return reason === null ? text : `${text}; ${reason}`;
  }
  if (reason !== null) return reason;
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`;
}
