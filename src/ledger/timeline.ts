import { isEnd } from '../contract/states.ts';
import type { TimelineStep } from '../contract/timeline-step.ts';
import { countWords, spanWords } from '../lib/time-words.ts';
import type { DetailRow, RequestFacts } from './request-facts.ts';
import { targetOf } from './request-row.ts';
import { type Waiting, waitingWords } from './waiting-for.ts';

/** The steps of a request's life, in order; the last one of what has not ended says what it waits for. */
export function timelineOf(facts: RequestFacts, waiting: Waiting | undefined, now: number): TimelineStep[] {
  const { row } = facts;
  const steps = [
    step('queued', row.queued_at, null, queuedNote(facts)),
    ...sentSteps(row),
    ...acceptedSteps(row),
    ...(row.started_at === null && row.there_started_at === null
      ? []
      : [step('running', row.started_at, row.there_started_at, row.state === 'running' ? row.reason : null)]),
    ...facts.steps.map(noted),
    ...endSteps(row),
  ];
  const inOrder = steps
    .map((one, index) => ({ one, index }))
    .sort((a, b) => (a.one.at ?? 0) - (b.one.at ?? 0) || a.index - b.index)
    .map(({ one }) => one);
  if (row.ended_at !== null) return inOrder;
  return [...inOrder, step('waiting', null, null, waitsFor(row, waiting, now))];
}

function step(
  what: string,
  at: number | null,
  there: number | null,
  note: string | null = null,
): TimelineStep {
  return { at, there, what, note };
}

function queuedNote({ options }: RequestFacts): string | null {
  const parts = [
    ...(options.expiresInMs === undefined ? [] : [`must begin within ${spanWords(options.expiresInMs)}`]),
    ...(options.budgetMs === undefined
      ? []
      : [`given up after ${spanWords(options.budgetMs)} with a connection and no answer`]),
    ...(options.schedule === undefined ? [] : ['runs by a schedule']),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

/** The first attempt and how many there were; not where all went well at once. */
function sentSteps(row: DetailRow): TimelineStep[] {
  if (row.sent_at === null) return [];
  return [step('sent', row.sent_at, null, row.attempts > 1 ? countWords(row.attempts, 'attempt') : null)];
}

function acceptedSteps(row: DetailRow): TimelineStep[] {
  if (row.accepted_at === null) return [];
  // An effect is taken and done in one.
  if (row.state === 'succeeded' && row.there_accepted_at === null && row.started_at === null) return [];
  const note = row.state === 'accepted' && row.ended_at !== null ? row.reason : null;
  return [step('accepted', row.accepted_at, row.there_accepted_at, note)];
}

function endSteps(row: DetailRow): TimelineStep[] {
  if (row.ended_at === null || !isEnd(row.state)) return [];
  return [step(row.state, row.ended_at, row.there_ended_at, endWords(row))];
}

/** How a request ended, besides its state: reason, exit code, signal; null where the state says all. */
export function endWords({ reason, exit_code, signal, state }: DetailRow): string | null {
  const parts = [
    ...(reason ? [reason] : []),
    ...(exit_code !== null && !(exit_code === 0 && state === 'succeeded') && !reason?.includes('exit')
      ? [`exit code ${exit_code}`]
      : []),
    ...(signal && !reason?.includes(signal) ? [`ended by ${signal}`] : []),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

function noted({ at, what, other, note }: RequestFacts['steps'][number]): TimelineStep {
  if (what === 'resent') return step(what, at, null, `sent again as ${other}`);
  if (what === 'resend-of') return step(what, at, null, `repeats ${other}`);
  return step(what, at, null, note);
}

function waitsFor(row: DetailRow, waiting: Waiting | undefined, now: number): string {
  const { node } = targetOf(row.subject);
  if (row.state === 'accepted') return `${node} has it, and it waits there for its turn`;
  if (row.state === 'running') {
    const since = row.started_at === null ? '' : ` for ${spanWords(now - row.started_at)}`;
    return `it has been running on ${node}${since}`;
  }
  return waiting ? waitingWords(waiting, now) : `it waits to be sent to ${node}`;
}
