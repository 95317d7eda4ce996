import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepPosition, LIST_START, moved, settle, toggleAll, toggleMark } from './list.ts';

const at = (cursor: number, top = 0) => ({ cursor, top, marks: [] });

test('the cursor stays in the list, and in sight', () => {
  assert.deepEqual(settle(at(50), 10, 5), at(9, 5));
  assert.deepEqual(settle(at(-3), 10, 5), at(0));
  assert.deepEqual(settle(at(3), 0, 5), at(0));
  assert.deepEqual(settle(at(2, 8), 10, 5), at(2, 2));
  assert.deepEqual(settle(at(7, 0), 10, 5), at(7, 3));
});

test('keys move by a row, half a page, a page, and to both ends', () => {
  const move = (key: string) => settle(moved(at(20, 15), key, 10) ?? at(-1), 100, 10).cursor;
  assert.deepEqual(['j', 'k', 'down', 'up'].map(move), [21, 19, 21, 19]);
  assert.deepEqual(['pagedown', 'pageup', 'ctrl+d', 'ctrl+u'].map(move), [29, 11, 25, 15]);
  assert.deepEqual(['g', 'G', 'home', 'end'].map(move), [0, 99, 0, 99]);
  assert.equal(moved(LIST_START, 'x', 10), undefined);
});

test('when rows come in above, the cursor stays on its row; at the top it stays at the top', () => {
  const before = ['c', 'b', 'a'];
  const after = ['e', 'd', 'c', 'b', 'a'];
  assert.deepEqual(keepPosition(at(1, 1), before, after), at(3, 3));
  assert.deepEqual(keepPosition(at(0), before, after), at(0));
  assert.deepEqual(
    keepPosition(at(2), before, ['x', 'y']),
    at(2),
    'a row that has gone leaves the cursor where it is',
  );
});

test('marks are set and taken off one by one and all at once', () => {
  const one = toggleMark(LIST_START, 'a');
  assert.deepEqual(one.marks, ['a']);
  assert.deepEqual(toggleMark(one, 'a').marks, []);
  const all = toggleAll(one, ['a', 'b']);
  assert.deepEqual(all.marks, ['a', 'b']);
  assert.deepEqual(toggleAll(all, ['a', 'b']).marks, []);
});
