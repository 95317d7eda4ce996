import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainAnswers } from './plain-answers.ts';

test('of an attempt that nobody got nothing is kept, unless it had other messages', () => {
  const plain = new PlainAnswers();
  plain.sent(1, 7);
  plain.missed(1);
  plain.sent(2, 7);
  plain.sent(2, 8);
  plain.missed(2);
  assert.deepEqual([plain.answered(1), plain.answered(2), plain.answered(2)], [undefined, 7, 8]);
});
