import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from './allowance.ts';
import { LEAST_BYTES } from './budget.ts';
import { SendWindow } from './send-window.ts';

const [URGENT, NORMAL] = [0, 1];
/** Whether nothing is out. */
const [IDLE, BUSY] = [true, false];
const EVERYTHING = Number.POSITIVE_INFINITY;

test('a node without a budget limits nothing', () => {
  const allowance = new Allowance(() => 0);
  assert.equal(allowance.room(NORMAL, BUSY), EVERYTHING);
  allowance.tell({ bytes: 0, urgentBytes: 0, untilMs: 1000 });
  allowance.tell(undefined);
  assert.deepEqual([allowance.room(NORMAL, BUSY), allowance.waitMs(NORMAL)], [EVERYTHING, 0]);
});

test('to a node that was not asked whether it has a budget no more goes than it may take amiss', () => {
  const allowance = new Allowance(() => 0);
  allowance.tell(undefined, { outBytes: 1000, wasAsked: false });
  assert.equal(allowance.room(NORMAL, BUSY), 7192);
  allowance.take(7192);
  assert.deepEqual([allowance.room(NORMAL, BUSY), allowance.waitMs(NORMAL)], [0, 0]);
  assert.equal(allowance.room(NORMAL, IDLE), LEAST_BYTES);
  allowance.tell(undefined);
  assert.equal(allowance.room(NORMAL, BUSY), EVERYTHING);
  allowance.tell(undefined, { wasAsked: false });
  assert.equal(allowance.room(NORMAL, BUSY), EVERYTHING, 'it was asked before');
});

test('what was on its way when a node told what is left is taken off, and what goes after that', () => {
  const allowance = new Allowance(() => 0);
  allowance.tell({ bytes: 10_000, urgentBytes: 20_000, untilMs: 1000 }, { outBytes: 3000 });
  assert.deepEqual([allowance.room(NORMAL, BUSY), allowance.room(URGENT, BUSY)], [7000, 17_000]);
  allowance.take(6000);
  assert.deepEqual([allowance.room(NORMAL, BUSY), allowance.room(URGENT, BUSY)], [0, 11_000]);
  assert.equal(allowance.waitMs(NORMAL), 0, 'an answer comes');
  // Where everything was lost no answer comes: one more message asks for it.
  assert.equal(allowance.room(NORMAL, IDLE), LEAST_BYTES);
});

test('when the budget of a node is used up all waits until its next one but what is urgent, and that too in the end', () => {
  let now = 0;
  const allowance = new Allowance(() => now);
  allowance.tell({ bytes: 5000, urgentBytes: 5000, untilMs: 1000 });
  allowance.tell({ bytes: 0, urgentBytes: 4000, untilMs: 1000 });
  now = 400;
  assert.deepEqual([allowance.room(NORMAL, IDLE), allowance.waitMs(NORMAL)], [0, 600]);
  assert.deepEqual([allowance.room(URGENT, IDLE), allowance.waitMs(URGENT)], [4000, 0]);
  now = 0;
  allowance.tell({ bytes: 0, urgentBytes: 0, untilMs: 1000 });
  now = 400;
  assert.deepEqual([allowance.room(URGENT, IDLE), allowance.waitMs(URGENT)], [0, 600]);
  now = 1000;
  for (const urgency of [NORMAL, URGENT])
    assert.deepEqual([allowance.room(urgency, BUSY), allowance.waitMs(urgency)], [LEAST_BYTES, 0]);
});

test('whoever waits for room to a node hears when it tells that there is some', () => {
  const window = new SendWindow(() => 0);
  const woken: string[] = [];
  window.told({ bytes: 0, urgentBytes: 9000, untilMs: 1000 });
  window.awaitRoom({ urgency: NORMAL, onRoom: () => woken.push('normal') });
  assert.deepEqual([window.allowed(NORMAL), window.allowance.waitMs(NORMAL), woken], [0, 1000, []]);
  window.told({ bytes: 4000, urgentBytes: 9000, untilMs: 1000 });
  assert.deepEqual([window.allowed(NORMAL), woken], [4000, ['normal']]);
  window.sent(1000);
  assert.equal(window.allowed(NORMAL), 3000);
  assert.ok(window.partBytesFor(NORMAL) <= 2700);
});
