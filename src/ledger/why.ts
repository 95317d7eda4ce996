import type { RequestState } from '../contract/states.ts';
import { clockWords, countWords, spanWords } from '../lib/time-words.ts';
import type { DetailRow, RequestFacts } from './request-facts.ts';
import { targetOf, tookMs } from './request-row.ts';
import { endWords } from './timeline.ts';
import { type Waiting, waitingWords } from './waiting-for.ts';

/** One sentence: what a request waits for, or why it ended as it did. */
export function whySentence(facts: RequestFacts, waiting: Waiting | undefined, now: number): string {
  const { row } = facts;
  const cancel = facts.steps.findLast(({ what }) => what === 'cancel-asked');
  const asked =
    cancel && row.ended_at === null ? ` It was asked to end at ${clockWords(cancel.at, now)}.` : '';
  const resent = facts.steps.findLast(({ what }) => what === 'resent');
  const again = resent ? ` It was sent again as ${resent.other}.` : '';
  return `${sentence(row, waiting, now)}${asked}${again}`;
}

function sentence(row: DetailRow, waiting: Waiting | undefined, now: number): string {
  if (row.ended_at === null) return openSentence(row, waiting, now);
  const detail = endWords(row);
  // Lists show the time by the node's clock; without it, what this clock saw has to do.
  const took = tookMs(row) ?? (row.started_at === null ? null : row.ended_at - row.started_at);
  return (
    END_SENTENCES[row.state]?.({
      node: targetOf(row.subject).node,
      when: ` at ${clockWords(row.ended_at, now)}`,
      took: took === null ? '' : ` after ${spanWords(took)}`,
      because: detail === null ? '.' : `: ${detail}.`,
      attempts: row.attempts,
    }) ?? `It is ${row.state}.`
  );
}

function openSentence(row: DetailRow, waiting: Waiting | undefined, now: number): string {
  const { node } = targetOf(row.subject);
  if (row.state === 'running') {
    const since = row.started_at === null ? '' : ` for ${spanWords(now - row.started_at)}`;
    return `It has been running on ${node}${since}${row.reason ? `: ${row.reason}` : ''}.`;
  }
  if (row.state === 'accepted') {
    const since = clockWords(row.accepted_at ?? row.queued_at, now);
    return `${node} has it since ${since}, and it waits there for its turn.`;
  }
  return `It has not reached ${node} yet: ${waiting ? waitingWords(waiting, now) : 'it waits for its turn'}.`;
}

interface End {
  readonly node: string;
  readonly when: string;
  readonly took: string;
  /** The details and the end of the sentence. */
  readonly because: string;
  readonly attempts: number;
}

const END_SENTENCES: Readonly<Partial<Record<RequestState, (end: End) => string>>> = {
  accepted: ({ node, when, because }) =>
    `${node} took it${when}, and what became of it there is not known${because}`,
  succeeded: ({ node, when, took }) => `It succeeded on ${node}${when}${took}.`,
  failed: ({ node, when, took, because }) => `It failed on ${node}${when}${took}${because}`,
  'timed-out': ({ node, when, because }) =>
    `It took longer than its methodTimeout on ${node}, and was ended${when}${because}`,
  interrupted: ({ node, when, because }) =>
    `It had begun on ${node} and was cut short${when}; it does not run again by itself${because}`,
  rejected: ({ node, when, because }) => `${node} refused it${when}${because}`,
  expired: ({ node, when, because }) =>
    `Its time was over${when}, before it could begin on ${node}${because}`,
  undelivered: ({ node, when, attempts }) =>
    `It was given up${when}: ${node} did not answer in ${countWords(attempts, 'attempt')}.`,
  lost: ({ node, when, because }) => `What became of it on ${node} is lost${when}${because}`,
  cancelled: ({ when, because }) => `It was cancelled${when}${because}`,
};
