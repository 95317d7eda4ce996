import type { RequestDetail } from '../../contract/requests.ts';
import { isEnd, type RequestState } from '../../contract/states.ts';

/** A stage of a request on its way to its node and through its run. */
export interface Stage {
  readonly stage: 'queued' | 'sent' | 'accepted' | 'running' | 'end';
  /** `now` is where it stands, `later` what it has yet to come to; to what is `left-out` it never came, as far as is known. */
  readonly mark: 'done' | 'failed' | 'now' | 'later' | 'left-out';
  /** When, by the clock of the node that is asked, and by that of its own node. */
  readonly at: number | null;
  readonly there: number | null;
  /** Since the stage before that is known, ms. */
  readonly sinceMs: number | null;
}

/** The way of a request: from here to its node, its run there, and its end. */
export function wayOf(detail: Pick<RequestDetail, 'state' | 'timeline' | keyof typeof TIMES>): Stage[] {
  const { state, timeline } = detail;
  const entries = Object.entries(TIMES) as [keyof typeof TIMES, Stage['stage']][];
  const known = entries.map(([time, stage]) => ({ stage, at: detail[time] }));
  const next = isEnd(state) ? undefined : known.find(({ at }) => at === null)?.stage;
  return known.map(({ stage, at }, place) => {
    const what = stage === 'end' ? state : stage;
    const before = known.slice(0, place).findLast((one) => one.at !== null)?.at ?? null;
    return {
      ...{ stage, at, mark: at === null ? absentMark(state, stage === next) : presentMark(state, stage) },
      there: timeline.findLast((step) => step.what === what)?.there ?? null,
      sinceMs: at === null || before === null ? null : Math.max(0, at - before),
    };
  });
}

function presentMark(state: RequestState, stage: Stage['stage']): Stage['mark'] {
  return stage === 'end' && state !== 'succeeded' ? 'failed' : 'done';
}

function absentMark(state: RequestState, isNext: boolean): Stage['mark'] {
  if (isEnd(state)) return 'left-out';
  return isNext ? 'now' : 'later';
}

const TIMES = {
  queuedAt: 'queued',
  sentAt: 'sent',
  acceptedAt: 'accepted',
  startedAt: 'running',
  endedAt: 'end',
} as const;
