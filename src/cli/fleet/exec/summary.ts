import type { RequestSummary } from '../../../contract/requests.ts';
import { outcomeOf } from '../../../contract/states.ts';
import { durationWords } from '../../../lib/time-words.ts';
import { visibleLine } from '../../../lib/visible.ts';
import {
  outcomeOfTarget,
  TARGET_OUTCOMES,
  type Target,
  type TargetCounts,
  type TargetTracker,
} from '../../../waves/target-tracker.ts';
import type { Terminal } from '../../line/terminal.ts';
import { SHOWN_LENGTH } from '../../print/short-id.ts';
import { type Cell, type ColumnOf, outcomeColour, stateCell, tableOf } from '../../print/table.ts';
import { awayText } from '../away-note.ts';
import type { RunEnd } from './view.ts';

/** How many nodes are shown one by one. */
const MOST_ROWS = 100;

export interface SummaryOptions {
  readonly tracker: TargetTracker;
  readonly end: RunEnd;
  readonly batch: string;
  readonly elapsedMs: number;
  /** When the command is to run, in words, where that is not at once. */
  readonly later: string | undefined;
  readonly now: number;
  readonly terminal: Terminal;
  /** The last line that a node printed on stderr. */
  readonly lastLines: ReadonlyMap<string, string>;
}

/** How a run on several nodes ended: the counts, who did not succeed and why, and how to pick it up again. */
export function summaryText(options: SummaryOptions): string {
  const { tracker, end, batch, elapsedMs, terminal } = options;
  const counts = tracker.counts();
  const others = tracker.targets.filter((target) => outcomeOfTarget(target) !== 'succeeded');
  const listed = others.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, MOST_ROWS);
  const more =
    others.length > listed.length
      ? [`and ${others.length - listed.length} more: steward status ${batch.slice(0, SHOWN_LENGTH)}\n`]
      : [];
  return [
    ...(end.stopped === undefined ? [] : [`${terminal.style('red', 'stopped:')} ${end.stopped}\n`]),
    `${countsText(counts, tracker.unit, terminal)} in ${durationWords(elapsedMs)}\n`,
    listed.length === 0 ? '' : tableOf(columnsOf(options), listed, terminal),
    ...more,
    pickUpText(options),
  ].join('');
}

/** How the command on the only node ended, where that is worth a line; else nothing. */
export function singleText(options: SummaryOptions): string {
  const [target] = options.tracker.targets;
  if (target === undefined || outcomeOfTarget(target) === 'succeeded') return '';
  const state = target.request?.state ?? 'not sent';
  return `steward: ${target.node}: ${state}: ${visibleLine(whyText(target, options))}\n${pickUpText(options)}`;
}

/** `200 nodes: 170 succeeded, 3 failed, 27 waiting`. */
function countsText(counts: TargetCounts, unit: TargetTracker['unit'], terminal: Terminal): string {
  const total = TARGET_OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  const parts = TARGET_OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => {
    const colour = outcome === 'not-sent' ? 'gray' : outcomeColour(outcome);
    return terminal.style(colour, `${counts[outcome]} ${outcome}`);
  });
  return `${total} ${total === 1 ? unit : `${unit}s`}: ${parts.join(', ')}`;
}

/** Failures first, then who did not answer. */
function rankOf(target: Target): number {
  return (
    ['failed', 'timed-out', 'cancelled', 'handed-over', 'unreached'].indexOf(outcomeOfTarget(target)) >>> 0
  );
}

function columnsOf(options: SummaryOptions): readonly ColumnOf<Target>[] {
  const stateOf = ({ request }: Target): Cell =>
    request === undefined ? { text: 'not sent', format: 'gray' } : stateCell(request.state);
  return [
    { title: 'NODE', of: ({ node }) => node },
    { title: 'STATE', of: stateOf },
    { title: 'EXIT', isRight: true, of: ({ request }) => exitText(request) },
    { title: 'TIME', isRight: true, of: ({ request }) => timeText(request) },
    { title: 'WHY', canShrink: true, goesBelow: true, of: (target) => whyText(target, options) },
  ];
}

function exitText(request: RequestSummary | undefined): string {
  return (
    (request?.state === 'handed-over' ? 'unknown' : undefined) ??
    request?.signal ??
    (request?.exitCode === undefined || request.exitCode === null ? '-' : String(request.exitCode))
  );
}

function timeText(request: RequestSummary | undefined): string {
  const { tookMs = null } = request ?? {};
  return tookMs == null ? '-' : durationWords(tookMs);
}

function whyText(target: Target, options: SummaryOptions): string {
  const { request, refusal } = target;
  if (refusal !== undefined) return refusal;
  if (request !== undefined) return requestWhy(target, request, options);
  return options.end.stopped === undefined ? 'it had no turn yet' : 'the run was stopped before its turn';
}

function requestWhy(
  target: Target,
  request: RequestSummary,
  { lastLines, later, now }: SummaryOptions,
): string {
  const outcome = outcomeOf(request.state);
  const isOpen = outcome === 'waiting' || outcome === 'running';
  if (outcome === 'waiting' || (isOpen && target.presence === 'away')) return awayText(target, now);
  if (isOpen && later !== undefined) return `it has it, and runs it ${later}`;
  if (isOpen) return request.reason ?? 'it still runs';
  const isOwnEnd = request.state === 'failed' && (request.exitCode ?? 0) !== 0;
  return (isOwnEnd ? lastLines.get(target.node) : undefined) ?? request.reason ?? '';
}

/** What picks a run up again, where there is something to pick up. */
function pickUpText({ tracker, end, batch, later, terminal }: SummaryOptions): string {
  const counts = tracker.counts();
  const open = counts.waiting + counts.running + (end.isInterrupted ? counts['not-sent'] : 0);
  if (open === 0) return '';
  const short = batch.slice(0, SHOWN_LENGTH);
  const again = later === undefined ? `exec --resume ${short}` : `status ${short}`;
  const begin = end.isInterrupted && counts['not-sent'] > 0 ? 'go on with it:   ' : 'pick it up again:';
  return [
    `${later === undefined ? begin : 'see how it went: '} ${terminal.style('bold', `steward ${again}`)}\n`,
    `call it off:      ${terminal.style('bold', `steward cancel ${short}`)}\n`,
  ].join('');
}
