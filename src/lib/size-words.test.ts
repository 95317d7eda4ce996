import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeWords } from './size-words.ts';

test('sizes are told in the unit that fits', () => {
  const sizes = [0, 999, 1000, 999_949, 999_950, 1_234_567, 5e9].map(sizeWords);
  assert.deepEqual(sizes, ['0 B', '999 B', '1.0 kB', '999.9 kB', '1.0 MB', '1.2 MB', '5.0 GB']);
});
