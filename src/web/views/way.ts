import { type ComponentChild, h } from 'preact';
import type { RequestDetail } from '../../contract/requests.ts';
import { exactClockWords, spanWords } from '../../lib/time-words.ts';
import { type Stage, wayOf } from '../state/way-of.ts';
import { TEXTS } from '../texts.ts';

const MARKS = { done: '✓', failed: '✗', now: '…', later: '○', 'left-out': '–' } as const;
/** Not by colour alone: each mark has a word too. */
const CLASSES = { done: 'succeeded', failed: 'failed', now: 'running', later: 'empty', 'left-out': 'empty' };

/** The way of a request from this node to its own and to its end, as a row of stages. */
export function Way({ detail }: { detail: RequestDetail }): ComponentChild {
  return h(
    'ol',
    { class: 'way', 'aria-label': TEXTS.way },
    wayOf(detail).map((stage) => h(StageItem, { detail, stage })),
  );
}

function StageItem({ detail, stage }: { detail: RequestDetail; stage: Stage }): ComponentChild {
  const { mark, at, there, sinceMs } = stage;
  const line = (text: string) => h('span', null, text);
  return h('li', { class: mark }, [
    h('strong', { class: CLASSES[mark] }, [
      h('span', { 'aria-hidden': true }, `${MARKS[mark]} `),
      titleOf(detail, stage),
    ]),
    at === null ? line(TEXTS.wayMarks[mark]) : line(`${TEXTS.here}: ${exactClockWords(at)}`),
    there !== null && line(`${TEXTS.there}: ${exactClockWords(there)}`),
    sinceMs !== null && line(TEXTS.waySince(spanWords(sinceMs))),
    stage.stage === 'sent' && detail.attempts > 0 && line(TEXTS.wayAttempts(detail.attempts)),
  ]);
}

function titleOf({ node, state }: RequestDetail, { stage, mark }: Stage): string {
  if (stage === 'end') return mark === 'done' || mark === 'failed' ? state : TEXTS.wayStages.end;
  return stage === 'sent' ? TEXTS.waySent(node) : TEXTS.wayStages[stage];
}
