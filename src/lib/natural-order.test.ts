import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortNaturally } from './natural-order.ts';

test('numbers in names count as numbers', () => {
  const names = ['ship10', 'ship2', 'ship', 'ship2a', 'ship02', 'a1b20', 'a1b3', 'Ship1'];
  const sorted = ['Ship1', 'a1b3', 'a1b20', 'ship', 'ship02', 'ship2', 'ship2a', 'ship10'];
  const sort = (list: readonly string[]) => sortNaturally(list, (name) => name);
  assert.deepEqual(sort(names), sorted);
  assert.deepEqual(sort(names.toReversed()), sorted);
  const odd = [
    'a-1',
    'a:1',
    'a1',
    'a9',
    'a10',
    'a',
    '007',
    '7',
    '08',
    `a${'9'.repeat(20)}`,
    `a1${'0'.repeat(20)}`,
  ];
  assert.deepEqual(sort(odd), [
    ...['007', '7', '08', 'a', 'a-1', 'a1', 'a9', 'a10'],
    ...[`a${'9'.repeat(20)}`, `a1${'0'.repeat(20)}`, 'a:1'],
  ]);
});
