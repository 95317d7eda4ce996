import type { TimelineStep } from '../../contract/timeline-step.ts';
import { cleanLine } from '../text/clean.ts';
import { compactJson, filledJson } from '../text/compact-json.ts';
import { chop, fit, wrap } from '../text/fit.ts';
import { type Line, type Style, span } from '../text/spans.ts';
import { exactClock } from '../text/times.ts';
import { outputLines } from './output-text.ts';
import type { Scrolled } from './scroll.ts';
import type { RequestScreen } from './state.ts';

/** A text of a request as rows of the screen. */
export interface RequestText extends Scrolled {
  row(line: number, row: number): Line;
}

/** How wide the two clocks and the word of a step are, with the gaps after them. */
const STEP_COLUMNS = { at: 14, there: 14, what: 13 } as const;

/** The text that the chosen part of a request shows, for a width in columns. */
export function requestText(screen: RequestScreen, columns: number): RequestText {
  const width = columns - 2;
  if (screen.tab === 'stdout' || screen.tab === 'stderr') return outputPart(screen, screen.tab, width);
  const lines = screen.tab === 'message' ? messageLines(screen, width) : timelineLines(screen, width);
  return { count: lines.length, rowsOf: () => 1, row: (line) => lines[line] ?? [] };
}

function outputPart(screen: RequestScreen, stream: 'stdout' | 'stderr', width: number): RequestText {
  const output = screen[stream];
  const lines = outputLines(output);
  const rows = (line: number) => chop(lines[line] ?? '', width);
  return {
    count: lines.length,
    rowsOf: (line) => rows(line).length,
    row: (line, row) => [rows(line)[row] ?? ''],
  };
}

function messageLines({ detail }: RequestScreen, width: number): Line[] {
  if (detail === null) return [];
  if (detail.message === null) return [[span('The message is no longer kept.', 'dim')]];
  return jsonLines(detail.message, width);
}

/** A value as rows of JSON. */
export function jsonLines(value: unknown, width: number): Line[] {
  return textLines(compactJson(value, width), width);
}

/** A message as few rows of JSON. */
export function filledLines(message: Readonly<Record<string, unknown>>, width: number): Line[] {
  return textLines(filledJson(message, width), width);
}

function textLines(text: string, width: number): Line[] {
  return text
    .split('\n')
    .flatMap((line) => chop(cleanLine(line), width))
    .map(jsonLine);
}

function jsonLine(row: string): Line {
  const [, indent, key, rest] = /^(\s*(?:\{ )?)("[^"]*":)(.*)$/.exec(row) ?? [];
  return key === undefined ? [row] : [indent!, span(key, 'accent'), rest!];
}

function timelineLines({ detail }: RequestScreen, width: number): Line[] {
  if (detail === null) return [];
  const head: Line = [
    span(fit('here', STEP_COLUMNS.at) + fit(`on ${cleanLine(detail.node)}`, STEP_COLUMNS.there - 1), 'dim'),
  ];
  return [head, ...detail.timeline.flatMap((step) => stepLines(step, width))];
}

function stepLines({ at, there, what, note }: TimelineStep, width: number): Line[] {
  const { at: atWidth, there: thereWidth, what: whatWidth } = STEP_COLUMNS;
  const indent = atWidth + thereWidth + whatWidth;
  const notes = wrap(cleanLine(note ?? ''), Math.max(10, width - indent));
  const clocks = [
    (at === null ? '' : exactClock(at)).padEnd(atWidth),
    span((there === null ? '' : exactClock(there)).padEnd(thereWidth), 'dim'),
    span(what.padEnd(whatWidth), STEP_STYLES[what] ?? 'bold'),
  ];
  return notes.map((row, index) => (index === 0 ? [...clocks, row] : [' '.repeat(indent), row]));
}

const STEP_STYLES: Readonly<Record<string, Style>> = {
  succeeded: 'good',
  running: 'busy',
  waiting: 'wait',
  failed: 'bad',
  'timed-out': 'bad',
  interrupted: 'bad',
  rejected: 'bad',
  expired: 'bad',
  undelivered: 'bad',
  lost: 'bad',
};
