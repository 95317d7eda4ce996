import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALL_GRACE_MS, callWords } from './call-words.ts';

const NOON = new Date(2026, 2, 1, 12).getTime();
const HOUR = 3_600_000;

test('a call is named by its time of this day, or with its date', () => {
  assert.equal(callWords(NOON + 6 * HOUR, NOON), 'calls at 18:00');
  assert.equal(callWords(NOON + 18 * HOUR, NOON), 'calls at 2026-03-02 06:00');
  assert.equal(callWords(undefined, NOON), '');
});

test('a call is overdue when it is late by more than a link takes', () => {
  assert.equal(callWords(NOON, NOON + CALL_GRACE_MS), 'calls at 12:00');
  assert.equal(callWords(NOON, NOON + CALL_GRACE_MS + 1), 'call of 12:00 overdue');
});
