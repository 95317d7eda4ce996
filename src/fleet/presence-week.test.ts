import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Presence } from '../contract/nodes.ts';
import { readWeek, WEEK_MS, WEEK_SLOTS } from '../contract/presence-week.ts';
import { presenceWeek } from './presence-week.ts';

const NOW = 1_800_000_000_000;
const SLOT = WEEK_MS / WEEK_SLOTS;
const week = (...changes: [slotsAgo: number, presence: Presence][]) =>
  presenceWeek(
    changes.map(([slotsAgo, presence]) => ({ at: NOW - slotsAgo * SLOT, presence })),
    NOW,
  );

test('a week is a character for two hours, and however short an absence is it shows', () => {
  assert.equal(week(), '-'.repeat(84));
  assert.equal(week([200, 'here']), '9'.repeat(84));
  assert.equal(week([84, 'away']), '0'.repeat(84));
  assert.equal(week([4, 'here'], [2, 'away']), `${'-'.repeat(80)}9900`);
  assert.equal(week([4, 'here'], [1.5, 'away'], [1.499, 'here']), `${'-'.repeat(80)}9989`);
  assert.equal(week([4, 'away'], [1.5, 'here'], [1.499, 'away']), `${'-'.repeat(80)}0010`);
  assert.equal(week([0.5, 'here']), `${'-'.repeat(83)}9`);
  assert.equal(week([4, 'here'], [-1, 'away']), `${'-'.repeat(80)}9999`, 'a change that lies ahead');
});

test('it is read as stretches, and as how much of what is known the node was here', () => {
  assert.deepEqual(readWeek('-'.repeat(84)), {
    runs: [{ is: 'unknown', from: 0, to: 84 }],
    hereShare: undefined,
  });
  assert.deepEqual(readWeek('--9900'), {
    runs: [
      { is: 'unknown', from: 0, to: 2 },
      { is: 'here', from: 2, to: 4 },
      { is: 'away', from: 4, to: 6 },
    ],
    hereShare: 0.5,
  });
  assert.deepEqual(
    readWeek('95').runs.map(({ is }) => is),
    ['here', 'both'],
  );
});
