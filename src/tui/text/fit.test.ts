import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chop, cutTo, fit, widthOf, wrap } from './fit.ts';

test('a text is brought to a width in columns, of which wide letters take two', () => {
  assert.equal(fit('ship1', 8), 'ship1   ');
  assert.equal(fit('ship1', 8, 'right'), '   ship1');
  assert.equal(fit('ship12345', 6), 'ship1…');
  assert.equal(fit('船船船船', 6), '船船… ');
  for (const width of [0, 1, 2, 3, 7]) assert.equal(widthOf(fit('a船b船c', width)), width);
  assert.equal(cutTo('船船', 3), '船');
});

test('rows of wrapped text end at spaces where there are any, and none is too wide', () => {
  assert.deepEqual(wrap('the quick brown fox', 10), ['the quick', 'brown fox']);
  assert.deepEqual(wrap('abcdefghijkl', 5), ['abcde', 'fghij', 'kl']);
  assert.deepEqual(wrap('', 5), ['']);
  for (const row of wrap('船長 said that 東京 is far away and 大阪 too', 9))
    assert.ok(widthOf(row) <= 9, row);
});

test('chopped text is whole again when its rows are put together, spaces included', () => {
  const text = 'a  船b    cd 東京 e ';
  for (const width of [1, 2, 3, 5, 40]) assert.equal(chop(text, width).join(''), text);
  assert.deepEqual(chop('', 5), ['']);
});
