import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareNaturally } from './natural-order.ts';

test('numbers in names count as numbers', () => {
  const names = ['ship10', 'ship2', 'ship', 'ship2a', 'ship02', 'a1b20', 'a1b3', 'Ship1'];
  const sorted = ['Ship1', 'a1b3', 'a1b20', 'ship', 'ship02', 'ship2', 'ship2a', 'ship10'];
  assert.deepEqual(names.toSorted(compareNaturally), sorted);
  assert.deepEqual(names.toReversed().toSorted(compareNaturally), sorted);
  assert.equal(compareNaturally('ship7', 'ship7'), 0);
});
