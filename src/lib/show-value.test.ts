import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showValue } from './show-value.ts';

test('a value is shown by its type and content', () => {
  assert.equal(showValue(5), 'the number 5');
  assert.equal(showValue('a\n'), 'the text "a\\n"');
  assert.equal(showValue(true), 'true');
  assert.equal(showValue(null), 'empty');
  assert.equal(showValue([1]), 'a list');
  assert.equal(showValue({}), 'an object');
});

test('a long text is cut', () => {
  assert.equal(showValue('x'.repeat(1000)).length, 60 + 'the text ""...'.length);
});
