import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayOf } from './way-of.ts';

const none = { queuedAt: 1000, sentAt: null, acceptedAt: null, startedAt: null, endedAt: null };
const marksOf = (detail: Parameters<typeof wayOf>[0]) => wayOf(detail).map(({ mark }) => mark);

test('what waits stands before the first stage that it has not come to', () => {
  assert.deepEqual(marksOf({ ...none, state: 'queued', timeline: [] }), [
    ...(['done', 'now', 'later', 'later', 'later'] as const),
  ]);
  const running = { ...none, sentAt: 2000, acceptedAt: 2500, startedAt: 2600 };
  assert.deepEqual(marksOf({ ...running, state: 'running', timeline: [] }), [
    ...(['done', 'done', 'done', 'done', 'now'] as const),
  ]);
});

test('what ended early never came to the stages between', () => {
  assert.deepEqual(marksOf({ ...none, endedAt: 9000, state: 'expired', timeline: [] }), [
    ...(['done', 'left-out', 'left-out', 'left-out', 'failed'] as const),
  ]);
});

test('each stage has both clocks, and how long it took since the stage before', () => {
  const detail = { ...none, sentAt: 2000, acceptedAt: 2500, startedAt: null, endedAt: 4000 };
  const step = (what: string, at: number, there: number | null) => ({ what, at, there, note: null });
  const timeline = [step('queued', 1000, null), step('accepted', 2500, 7500), step('succeeded', 4000, 9000)];
  assert.deepEqual(
    wayOf({ ...detail, state: 'succeeded', timeline }).map(({ at, there, sinceMs }) => [at, there, sinceMs]),
    [
      [1000, null, null],
      [2000, null, 1000],
      [2500, 7500, 500],
      [null, null, null],
      [4000, 9000, 1500],
    ],
  );
});
