import { isEnd } from '../../contract/states.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { clockWords, shortDuration } from '../../lib/time-words.ts';
import { REQUEST_HEAD_ROWS, textHeight } from '../state/layout.ts';
import { outputLines } from '../state/output-text.ts';
import { requestText } from '../state/request-text.ts';
import { rowsSeen } from '../state/scroll.ts';
import { REQUEST_TABS, type RequestScreen, type State } from '../state/state.ts';
import { cleanLine } from '../text/clean.ts';
import { wrap } from '../text/fit.ts';
import { type Line, type Span, span } from '../text/spans.ts';
import { stateSpan } from './state-styles.ts';

/** One request: what is known of it, why it is as it is, and the part that was chosen. */
export function requestLines(state: State, screen: RequestScreen): Line[] {
  const { detail, fault } = screen;
  if (detail === null) return [[], [span(`  ${fault === null ? 'reading …' : cleanLine(fault)}`, 'dim')]];
  const width = state.size.columns;
  const why = wrap(cleanLine(detail.why), width - 4);
  const head: Line[] = [
    factsLine(state, detail),
    [`  ${why[0] ?? ''}`],
    [`  ${why.slice(1).join(' ')}`],
    partsLine(screen),
    [span('─'.repeat(width), 'dim')],
  ];
  return [...head.slice(0, REQUEST_HEAD_ROWS), ...textLines(state, screen)];
}

function factsLine(state: State, detail: NonNullable<RequestScreen['detail']>): Line {
  const { method, node, exitCode, signal, startedAt, acceptedAt, endedAt, tookMs, queuedAt } = detail;
  const from = startedAt ?? acceptedAt;
  const facts = [
    ...(exitCode === null ? [] : [`exit ${exitCode}`]),
    ...(signal === null ? [] : [signal]),
    ...(tookMs === null ? [] : [`took ${shortDuration(tookMs)}`]),
    ...(from === null || endedAt !== null ? [] : [`for ${shortDuration(state.now - from)}`]),
    `queued ${clockWords(queuedAt, state.now)}`,
  ];
  return [
    '  ',
    stateSpan(detail.state),
    '  ',
    span(cleanLine(method), 'bold'),
    ' on ',
    span(cleanLine(node), 'bold'),
    `  ${facts.join(', ')}`,
  ];
}

function partsLine(screen: RequestScreen): Line {
  const { detail, stdout, stderr } = screen;
  const sizes: Readonly<Record<string, string>> = {
    stdout: ` ${sizeWords(Math.max(stdout.nextByte, detail?.stdout.totalBytes ?? 0))}`,
    stderr: ` ${sizeWords(Math.max(stderr.nextByte, detail?.stderr.totalBytes ?? 0))}`,
  };
  return REQUEST_TABS.flatMap((tab): Span[] => [
    ' ',
    span(` ${tab}${sizes[tab] ?? ''} `, tab === screen.tab ? 'chosen' : 'dim'),
  ]);
}

function textLines(state: State, screen: RequestScreen): Line[] {
  const note = noteOf(screen);
  const height = textHeight(state) - (note === null ? 0 : 1);
  const text = requestText(screen, state.size.columns);
  const seen = rowsSeen(screen.scrolls[screen.tab], text, height);
  const rows = seen.map(({ line, row }): Line => ['  ', ...text.row(line, row)]);
  return note === null ? rows : [[span(`  ${note}`, 'dim')], ...rows];
}

/** What is to be known before an output is read: that there is none, or that a part of it is not kept. */
function noteOf({ detail, tab, stdout, stderr }: RequestScreen): string | null {
  if (detail === null || (tab !== 'stdout' && tab !== 'stderr')) return null;
  const output = tab === 'stdout' ? stdout : stderr;
  const { keptBytes, totalBytes } = detail[tab];
  if (outputLines(output).length === 0) return keptBytes > 0 ? 'reading …' : emptyNote(detail, tab);
  if (totalBytes > keptBytes && totalBytes > output.nextByte) {
    return `${sizeWords(totalBytes)} were printed, ${sizeWords(keptBytes)} are kept`;
  }
  return output.isCut ? 'the end of it; the beginning is too long to show' : null;
}

function emptyNote({ outputBytes, state }: NonNullable<RequestScreen['detail']>, tab: string): string {
  const isLost = tab === 'stdout' && outputBytes !== null && outputBytes > 0;
  if (isLost) return `${sizeWords(outputBytes)} were printed, nothing is kept of it here`;
  return isEnd(state) ? 'nothing was printed' : 'nothing yet';
}

/** Which lines of the chosen part are in sight, such as `lines 26-40 of 120`; nothing where all are. */
export function textPosition(state: State, screen: RequestScreen): string {
  const text = requestText(screen, state.size.columns);
  const seen = rowsSeen(screen.scrolls[screen.tab], text, textHeight(state));
  const last = seen.at(-1);
  if (last === undefined || (seen[0]?.line === 0 && last.line === text.count - 1)) return '';
  return `lines ${seen[0]!.line + 1}-${last.line + 1} of ${text.count}`;
}
