import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestSummary } from '../contract/requests.ts';
import type { RequestState } from '../contract/states.ts';
import { nextStep, type RunState } from './next-step.ts';
import type { Target } from './target-tracker.ts';

const PATIENCE = { startedAt: 0, waitMs: undefined, endsWhenTaken: false };
const ONE_BY_TWO = { batchSize: 2, batchWaitMs: 0, maxErrors: null, canary: 0 };

/** `a:succeeded b:running- c- d`: names, with the state where there is a request, and a dash where the node is away. */
function targets(text: string): Target[] {
  return text.split(' ').map((word) => {
    const [, node = '', state, away] = /^(\w+)(?::([a-z-]*[a-z]))?(-?)$/.exec(word)!;
    const request =
      state === undefined ? undefined : { id: node, node, state: state as RequestState, endedAt: null };
    const isAway = away === '-';
    return {
      node,
      presence: isAway ? 'away' : 'here',
      lastSeenAt: null,
      awaySince: isAway ? -10_000 : undefined,
      request: request as RequestSummary | undefined,
      requestedAt: 0,
    };
  });
}

function step(text: string, more: Partial<RunState> = {}, now = 1000): string {
  const next = nextStep(
    { targets: targets(text), patience: PATIENCE, plan: undefined, restedAt: undefined, ...more },
    now,
  );
  if (next.kind === 'submit') return `submit ${next.targets.map(({ node }) => node).join(' ')}`;
  if (next.kind === 'wait') return `wait ${next.until}`;
  return next.kind === 'stop' ? `stop: ${next.reason}` : 'done';
}

test('without a plan all have their turn at once, and who is away is not waited for', () => {
  assert.equal(step('a b- c'), 'submit a b c');
  assert.equal(step('a:running b:queued- c:succeeded'), 'wait Infinity');
  assert.equal(step('a:failed b:queued- c:succeeded'), 'done');
  assert.equal(step('a:failed b:queued-', { patience: { ...PATIENCE, waitMs: 5000 } }), 'wait 5000');
  assert.equal(step('a:failed b:queued-', { patience: { ...PATIENCE, waitMs: 5000 } }, 5000), 'done');
});

test('in batches, the next ones have their turn when those before have ended or are away', () => {
  const plan = ONE_BY_TWO;
  assert.equal(step('a b c d', { plan }), 'submit a b');
  assert.equal(step('a:succeeded b:running c d', { plan }), 'wait Infinity');
  assert.equal(step('a:succeeded b:failed c d e', { plan }), 'submit c d');
  assert.equal(step('a:succeeded b:queued- c d e', { plan }), 'submit c d');
  assert.equal(step('a:succeeded b:running- c d e', { plan }), 'submit c d');
});

test('who was heard of before this node started has its time to take a request, and who never was has none', () => {
  const [asked, next] = targets('a:sent b');
  const found = (lastSeenAt: number | null) => {
    const state = { patience: PATIENCE, plan: { ...ONE_BY_TWO, batchSize: 1 }, restedAt: undefined };
    const list = [{ ...asked!, presence: 'unknown' as const, lastSeenAt }, next!];
    return nextStep({ ...state, targets: list }, 1000);
  };
  assert.deepEqual(found(5), { kind: 'wait', until: 15_000 });
  assert.equal(found(null).kind, 'submit');
});

test('who is away has its turn when all others have had theirs', () => {
  const plan = ONE_BY_TWO;
  assert.equal(step('a- b c- d e', { plan }), 'submit b d');
  assert.equal(step('a- b:succeeded c- d:succeeded e', { plan }), 'submit e');
  assert.equal(step('a- b:succeeded c- d:succeeded e:failed', { plan }), 'submit a c');
  assert.equal(step('a:queued- b:succeeded c:queued-', { plan }), 'done');
});

test('between batches there is a pause, counted from when the one before was done', () => {
  const plan = { ...ONE_BY_TWO, batchWaitMs: 10_000 };
  assert.equal(step('a b c', { plan }), 'submit a b');
  assert.equal(step('a:succeeded b:succeeded c', { plan, restedAt: 500 }), 'wait 10500');
  assert.equal(step('a:succeeded b:succeeded c', { plan, restedAt: 500 }, 10_500), 'submit c');
});

test('too many failures stop a run while somebody has not had a turn', () => {
  const plan = { ...ONE_BY_TWO, maxErrors: 1 };
  assert.equal(step('a:failed b:succeeded c d', { plan }), 'submit c d');
  assert.equal(step('a:failed b:timed-out c d', { plan }), 'stop: 2 failed, and at most 1 may');
  assert.equal(step('a:failed b:interrupted c:queued-', { plan }), 'done');
  assert.equal(step('a:failed b:queued- c:undelivered d', { plan }), 'submit d');
});

test('canaries come first, and all of them must succeed', () => {
  const plan = { ...ONE_BY_TWO, batchSize: null, canary: 2 };
  assert.equal(step('a- b c d', { plan }), 'submit b c');
  assert.equal(step('a- b:succeeded c:running d', { plan }), 'wait Infinity');
  assert.equal(step('a- b:succeeded c:failed d', { plan }), 'stop: a canary failed');
  assert.equal(step('a- b:succeeded c:queued- d e', { plan }), 'submit d');
  assert.equal(step('a- b:succeeded c:succeeded d e', { plan }), 'submit d e');
  const none =
    'stop: only 0 of 2 canaries succeeded, and no other target is here to be one (away: a, b); --wait 1h waits for one to come back, and without --canary it is queued for all';
  assert.equal(step('a- b-', { plan }), none);
  assert.equal(step('a- b-', { plan, patience: { ...PATIENCE, waitMs: 9000 } }), 'wait 9000');
});

test('a target that the node refuses holds nobody up', () => {
  const list = targets('a b:succeeded');
  list[0]!.refusal = 'no';
  assert.deepEqual(nextStep({ targets: list, patience: PATIENCE, plan: undefined, restedAt: 1 }, 1), {
    kind: 'done',
  });
});
