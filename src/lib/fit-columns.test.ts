import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitColumns } from './fit-columns.ts';

const NEEDS = [
  { least: 5, whole: 5 },
  { least: 4, whole: 20, rank: 1 },
  { least: 6, whole: 6, rank: 0 },
  { least: 8, whole: 30 },
];

test('columns get what they want, first those that stay, and those of the lowest rank go first', () => {
  const fit = (width: number) => fitColumns(NEEDS, { width, gap: 2 });
  assert.deepEqual(fit(100), [5, 20, 6, 30]);
  assert.deepEqual(fit(60), [5, 13, 6, 30]);
  assert.deepEqual(fit(30), [5, 4, 6, 9]);
  assert.deepEqual(fit(28), [5, 4, undefined, 15]);
  assert.deepEqual(fit(20), [5, undefined, undefined, 13]);
  assert.deepEqual(fit(3), [5, undefined, undefined, 8]);
  // The column that takes all that is left gives way before the others are cut.
  const withRest = (width: number) =>
    fitColumns([...NEEDS, { least: 12, whole: Number.POSITIVE_INFINITY }], { width, gap: 2 });
  assert.deepEqual(withRest(29), [5, undefined, undefined, 8, 12]);
  assert.deepEqual(withRest(26), [5, undefined, undefined, 8, 9]);
  assert.deepEqual(withRest(10), [5, undefined, undefined, 8, 5]);
});
