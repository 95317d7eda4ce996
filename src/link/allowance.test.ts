import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from './allowance.ts';
import { LEAST_BYTES } from './budget.ts';
import { SendWindow } from './send-window.ts';

const [URGENT, NORMAL] = [0, 1];
const NOW = { now: 0, isIdle: false };
const EVERYTHING = Number.POSITIVE_INFINITY;

test('a node without a budget limits nothing', () => {
  const allowance = new Allowance();
  assert.equal(allowance.room(NORMAL, NOW), EVERYTHING);
  allowance.tell({ bytes: 0, urgentBytes: 0, untilMs: 1000 }, 0, 0);
  allowance.tell(undefined, 0, 0);
  assert.deepEqual([allowance.room(NORMAL, NOW), allowance.waitMs(NORMAL, 0)], [EVERYTHING, 0]);
});

test('to a node that was not asked whether it has a budget no more goes than it may take amiss', () => {
  const allowance = new Allowance();
  allowance.tell(undefined, 1000, 0, false);
  assert.equal(allowance.room(NORMAL, NOW), 31_768);
  allowance.take(31_768);
  assert.deepEqual([allowance.room(NORMAL, NOW), allowance.waitMs(NORMAL, 0)], [0, 0]);
  assert.equal(allowance.room(NORMAL, { now: 0, isIdle: true }), LEAST_BYTES);
  allowance.tell(undefined, 0, 0);
  assert.equal(allowance.room(NORMAL, NOW), EVERYTHING);
  allowance.tell(undefined, 0, 0, false);
  assert.equal(allowance.room(NORMAL, NOW), EVERYTHING, 'it was asked before');
});

test('what was on its way when a node told what is left is taken off, and what goes after that', () => {
  const allowance = new Allowance();
  allowance.tell({ bytes: 10_000, urgentBytes: 20_000, untilMs: 1000 }, 3000, 0);
  assert.deepEqual([allowance.room(NORMAL, NOW), allowance.room(URGENT, NOW)], [7000, 17_000]);
  allowance.take(6000);
  assert.deepEqual([allowance.room(NORMAL, NOW), allowance.room(URGENT, NOW)], [0, 11_000]);
  assert.equal(allowance.waitMs(NORMAL, 0), 0, 'an answer comes');
  // Where everything was lost no answer comes: one more message asks for it.
  assert.equal(allowance.room(NORMAL, { now: 0, isIdle: true }), LEAST_BYTES);
});

test('when the budget of a node is used up all waits until its next one but what is urgent, and that too in the end', () => {
  const allowance = new Allowance();
  allowance.tell({ bytes: 5000, urgentBytes: 5000, untilMs: 1000 }, 0, 0);
  allowance.tell({ bytes: 0, urgentBytes: 4000, untilMs: 1000 }, 0, 0);
  const idle = { now: 400, isIdle: true };
  assert.deepEqual([allowance.room(NORMAL, idle), allowance.waitMs(NORMAL, 400)], [0, 600]);
  assert.deepEqual([allowance.room(URGENT, idle), allowance.waitMs(URGENT, 400)], [4000, 0]);
  allowance.tell({ bytes: 0, urgentBytes: 0, untilMs: 1000 }, 0, 0);
  assert.deepEqual([allowance.room(URGENT, idle), allowance.waitMs(URGENT, 400)], [0, 600]);
  const tomorrow = { now: 1000, isIdle: false };
  for (const urgency of [NORMAL, URGENT])
    assert.deepEqual([allowance.room(urgency, tomorrow), allowance.waitMs(urgency, 1000)], [5000, 0]);
});

test('whoever waits for room to a node hears when it tells that there is some', () => {
  const window = new SendWindow(() => 0);
  const woken: string[] = [];
  window.told({ bytes: 0, urgentBytes: 9000, untilMs: 1000 });
  window.awaitRoom({ urgency: NORMAL, onRoom: () => woken.push('normal') });
  assert.deepEqual([window.allowed(NORMAL), window.heldMs(NORMAL), woken], [0, 1000, []]);
  window.told({ bytes: 4000, urgentBytes: 9000, untilMs: 1000 });
  assert.deepEqual([window.allowed(NORMAL), woken], [4000, ['normal']]);
  window.sent(1000);
  assert.equal(window.allowed(NORMAL), 3000);
  assert.ok(window.partBytesFor(NORMAL) <= 2700);
});
