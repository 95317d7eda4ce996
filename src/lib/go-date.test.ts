import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goDate } from './go-date.ts';

test('a date is written as the reference writes it', () => {
  assert.equal(goDate(new Date(2026, 10, 22, 15, 44, 28)), 'Sun Nov 22 15:44:28 2026');
});

test('a one-digit day is padded with a space, the time with zeros', () => {
  assert.equal(goDate(new Date(2027, 0, 2, 3, 4, 5)), 'Sat Jan  2 03:04:05 2027');
});
