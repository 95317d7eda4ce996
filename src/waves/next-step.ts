import type { RunPlan } from './run-plan.ts';
import { outcomeOfTarget, type Target } from './target-tracker.ts';
import { type Patience, waitsUntil } from './waiting-for.ts';

/** What a run does next: `until` is a time by this machine's clock, Infinity where only news will do. */
export type Step =
  | { readonly kind: 'submit'; readonly targets: readonly Target[] }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'done' }
  /** The others are not to have their turn. */
  | { readonly kind: 'stop'; readonly reason: string };

export interface RunState {
  readonly targets: readonly Target[];
  readonly patience: Patience;
  /** Undefined where all have their turn at once. */
  readonly plan: Pick<RunPlan, 'batchSize' | 'batchWaitMs' | 'maxErrors' | 'canary' | 'stopped'> | undefined;
  /** Since when nobody who had a turn holds the others up; undefined at the beginning. */
  readonly restedAt: number | undefined;
  /** Whether somebody else submits. */
  readonly isWatching?: boolean;
}

/**
 * The next step of a run. Those who are there have their turn first; who is away holds nobody up, is no failure, and gets
 * the request when all others have had theirs, to run it when it is back.
 */
export function nextStep(state: RunState, now: number): Step {
  const { targets, plan, patience, isWatching } = state;
  const unsent = targets.filter(({ request, refusal }) => request === undefined && refusal === undefined);
  if (isWatching && unsent.length > 0 && plan?.stopped === undefined)
    return { kind: 'wait', until: Infinity };
  const fault = plan === undefined ? undefined : stopReason(state);
  if (fault !== undefined && unsent.length > 0 && !isWatching) return { kind: 'stop', reason: fault };
  if (unsent.length === 0 || isWatching) {
    const until = allWaitUntil(targets, patience);
    return until > now ? { kind: 'wait', until } : { kind: 'done' };
  }
  if (plan === undefined) return { kind: 'submit', targets: unsent };
  const until = allWaitUntil(targets, { ...patience, waitMs: undefined });
  return until > now ? { kind: 'wait', until } : nextTurn(state, unsent, now);
}

/** Until when at least one target holds the run up. */
export function allWaitUntil(targets: readonly Target[], patience: Patience): number {
  return targets.reduce((latest, target) => Math.max(latest, waitsUntil(target, patience)), -Infinity);
}

function nextTurn(state: RunState, unsent: readonly Target[], now: number): Step {
  const { targets, patience, restedAt } = state;
  const { batchSize, batchWaitMs, canary } = state.plan!;
  const isThere = unsent.filter(({ presence }) => presence !== 'away');
  const proven = targets.filter((target) => outcomeOfTarget(target) === 'succeeded').length;
  const isFirst = targets.every(({ request }) => request === undefined);
  if (proven < canary) {
    if (isThere.length > 0) return { kind: 'submit', targets: isThere.slice(0, canary - proven) };
    const until = patience.startedAt + (patience.waitMs ?? 0);
    if (until > now) return { kind: 'wait', until };
    return { kind: 'stop', reason: noCanary(proven, canary, unsent) };
  }
  const pausedUntil = isFirst ? -Infinity : (restedAt ?? now) + batchWaitMs;
  if (pausedUntil > now) return { kind: 'wait', until: pausedUntil };
  if (isThere.length > 0) return { kind: 'submit', targets: isThere.slice(0, batchSize ?? isThere.length) };
  return { kind: 'submit', targets: unsent };
}

function noCanary(proven: number, canary: number, unsent: readonly Target[]): string {
  const names = unsent.slice(0, 5).map(({ node }) => node);
  const away = `${names.join(', ')}${unsent.length > names.length ? ' and others' : ''}`;
  return `only ${proven} of ${canary} canaries succeeded, and no other target is here to be one (away: ${away}); --wait 1h waits for one to come back, and without --canary it is queued for all`;
}

function stopReason({ targets, plan }: RunState): string | undefined {
  const { maxErrors, canary } = plan!;
  const outcomes = targets.map(outcomeOfTarget);
  const failed = outcomes.filter((outcome) => outcome === 'failed' || outcome === 'timed-out').length;
  const sent = outcomes.filter((outcome) => outcome !== 'not-sent').length;
  if (maxErrors !== null && failed > maxErrors) return `${failed} failed, and at most ${maxErrors} may`;
  if (failed > 0 && sent <= canary) return `${failed === 1 ? 'a canary' : `${failed} canaries`} failed`;
  return undefined;
}
