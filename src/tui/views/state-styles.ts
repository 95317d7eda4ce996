import type { Presence } from '../../contract/nodes.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd, type Outcome, outcomeOf, type RequestState } from '../../contract/states.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { shortDuration } from '../../lib/time-words.ts';
import { cleanLine } from '../text/clean.ts';
import { type Span, type Style, span } from '../text/spans.ts';

const OUTCOME_STYLES: Readonly<Record<Outcome, Style>> = {
  succeeded: 'good',
  failed: 'bad',
  'timed-out': 'bad',
  cancelled: 'dim',
  'handed-over': 'dim',
  unreached: 'bad',
  running: 'busy',
  waiting: 'wait',
};

/** The style of a group of requests. */
export function outcomeStyle(outcome: Outcome): Style {
  return OUTCOME_STYLES[outcome];
}

/** A state in its colour. */
export function stateSpan(state: RequestState): Span {
  return span(state, OUTCOME_STYLES[outcomeOf(state)]);
}

/** Whether a node is there, with its mark, and when it calls where it is away between its calls. */
export function presenceSpan(presence: Presence, calls = ''): Span {
  if (presence === 'here') return span('● here', 'good');
  const more = calls === '' ? '' : `, ${calls}`;
  return presence === 'away' ? span(`○ away${more}`, 'wait') : span(`· unknown${more}`, 'dim');
}

/** What is worth knowing of a request besides its state, in few words. */
export function resultText(request: RequestSummary, now: number): string {
  const { reason, exitCode, signal } = request;
  const exit = exitCode === null || exitCode === 0 ? '' : `exit ${exitCode}`;
  const rest = reason === null || reason === '' ? measures(request, now) : [cleanLine(reason)];
  return [exit, signal ?? '', ...rest].filter((part) => part !== '').join(', ');
}

/** How long it ran, and how much it printed. */
function measures(
  { state, outputBytes, startedAt, acceptedAt, tookMs }: RequestSummary,
  now: number,
): string[] {
  if (isEnd(state))
    return [
      tookMs === null ? '' : shortDuration(tookMs),
      outputBytes === null || outputBytes === 0 ? '' : sizeWords(outputBytes),
    ];
  const from = startedAt ?? acceptedAt;
  return outcomeOf(state) === 'running' && from !== null
    ? [`for ${shortDuration(Math.max(0, now - from))}`]
    : [];
}
