import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presenceShare, presenceSpans } from './presence-spans.ts';

const WHILE = { now: 1000, lengthMs: 100 };

test('spans fill the whole while, and begin with what was known before', () => {
  const changes = [
    { at: 100, presence: 'away' },
    { at: 500, presence: 'here' },
    { at: 925, presence: 'away' },
    { at: 950, presence: 'here' },
  ] as const;
  const spans = presenceSpans(changes, WHILE);
  assert.deepEqual(
    spans.map(({ presence, from, to }) => [presence, from, to]),
    [
      ['here', 0, 0.25],
      ['away', 0.25, 0.5],
      ['here', 0.5, 1],
    ],
  );
  assert.deepEqual(presenceShare(spans), { here: 0.75, absences: 1 });
});

test('time of which nothing is known counts for nothing', () => {
  assert.equal(presenceShare(presenceSpans([], WHILE)), undefined);
  const spans = presenceSpans([{ at: 950, presence: 'here' }], WHILE);
  assert.deepEqual([spans[0]?.presence, presenceShare(spans)], ['unknown', { here: 1, absences: 0 }]);
});
