import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeyFlags, type KeyPress, keyPresses } from './key-press.ts';
import {
  EMPTY_INPUT,
  editInput,
  inputOf,
  inputText,
  insert,
  type TextInput,
  visibleInput,
} from './text-input.ts';

const NO_FLAGS = Object.fromEntries(
  ['upArrow', 'downArrow', 'leftArrow', 'rightArrow', 'pageDown', 'pageUp', 'home', 'end', 'return', 'escape']
    .concat(['ctrl', 'shift', 'tab', 'backspace', 'delete', 'meta'])
    .map((flag) => [flag, false]),
) as unknown as KeyFlags;

const press = (key: string): KeyPress => ({ key, text: [...key].length === 1 ? key : null });
const typed = (input: TextInput, ...keys: string[]) =>
  keys.reduce((before, key) => editInput(before, press(key)) ?? before, input);

test('text is written, and removed by letters, words and up to both ends', () => {
  const input = typed(EMPTY_INPUT, 's', 'h', 'i', 'p');
  assert.equal(inputText(input), 'ship');
  assert.equal(inputText(typed(input, 'left', 'backspace')), 'shp');
  assert.equal(inputText(typed(input, 'home', 'delete', 'X')), 'Xhip');
  assert.equal(inputText(typed(inputOf('one two  '), 'ctrl+w')), 'one ');
  assert.equal(inputText(typed(inputOf('one two'), 'meta+left', 'ctrl+k')), 'one ');
  assert.equal(inputText(typed(inputOf('one two'), 'meta+b', 'ctrl+u')), 'two');
  assert.equal(editInput(input, press('pagedown')), undefined);
});

test('a letter of several code points is one letter', () => {
  const input = insert(inputOf('a'), 'e\u0301👨‍👩‍👧');
  assert.equal(input.cursor, 3);
  assert.equal(inputText(typed(input, 'backspace')), 'ae\u0301');
});

test('of a long text the part around the cursor is seen, in no more columns than there are', () => {
  const input = inputOf('船'.repeat(30));
  const { before, under, after } = visibleInput(typed(input, 'left', 'left'), 11);
  assert.deepEqual([before, under, after], ['船船船船', '船', '']);
  const start = visibleInput(typed(input, 'home'), 11);
  assert.deepEqual([start.before, start.under, start.after], ['', '船', '船船船船']);
  assert.equal(visibleInput(inputOf('a\nb'), 10).before, 'a⏎b');
});

test('keys that come in one piece of input are taken one by one', () => {
  const keys = keyPresses('ab\r\t \u007F\u0013', NO_FLAGS).map(({ key }) => key);
  assert.deepEqual(keys, ['a', 'b', 'enter', 'tab', 'space', 'backspace', 'ctrl+s']);
  assert.deepEqual(keyPresses(' ', NO_FLAGS), [{ key: 'space', text: ' ' }]);
});

test('keys have one name whatever way the terminal tells them', () => {
  const named = (input: string, flags: Partial<KeyFlags>) => keyPresses(input, { ...NO_FLAGS, ...flags });
  assert.deepEqual(named('', { upArrow: true }), [{ key: 'up', text: null }]);
  assert.deepEqual(named('', { tab: true, shift: true }), [{ key: 'shift+tab', text: null }]);
  assert.deepEqual(named('c', { ctrl: true }), [{ key: 'ctrl+c', text: null }]);
  assert.deepEqual(named('', { escape: true, meta: true }), [{ key: 'esc', text: null }]);
  assert.deepEqual(named('G', { shift: true }), [{ key: 'G', text: 'G' }]);
  assert.deepEqual(named('', { return: true }), [{ key: 'enter', text: null }]);
});
