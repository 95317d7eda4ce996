import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsSeen, SCROLL_END, SCROLL_START, type ScrollPosition, scrolled, settleScroll } from './scroll.ts';

/** Lines that take 1, 2, 3, 1, 2, 3, ... rows. */
const text = (count: number) => ({ count, rowsOf: (line: number) => (line % 3) + 1 });

test('going down and up again by any steps leads to the same rows', () => {
  let position: ScrollPosition = SCROLL_START;
  const seen = [JSON.stringify(rowsSeen(position, text(30), 7))];
  const keys = ['down', 'pagedown', 'j', 'ctrl+d', 'pagedown', 'down'];
  for (const key of keys) {
    position = scrolled(position, key, text(30), 7) ?? position;
    seen.push(JSON.stringify(rowsSeen(position, text(30), 7)));
  }
  const back: Record<string, string> = { down: 'up', j: 'k', pagedown: 'pageup', 'ctrl+d': 'ctrl+u' };
  for (const key of keys.toReversed()) {
    assert.equal(JSON.stringify(rowsSeen(position, text(30), 7)), seen.pop());
    position = scrolled(position, back[key]!, text(30), 7) ?? position;
  }
  assert.deepEqual(position, SCROLL_START);
});

test('at its end a text stays at its end while it grows, and stays where it is elsewhere', () => {
  const last = (count: number, position: ScrollPosition) => rowsSeen(position, text(count), 4).at(-1)?.line;
  assert.equal(last(10, SCROLL_END), 9);
  assert.equal(last(20, SCROLL_END), 19);
  const above = scrolled(SCROLL_END, 'up', text(20), 4)!;
  assert.equal(above.isAtEnd, false);
  assert.equal(last(30, above), last(20, above));
  assert.equal(scrolled(above, 'down', text(20), 4)?.isAtEnd, true);
});

test('a text that is shorter than the screen is seen from its beginning', () => {
  assert.equal(rowsSeen(SCROLL_END, text(3), 50).length, 6);
  assert.deepEqual(settleScroll({ line: 9, row: 2, isAtEnd: false }, text(2), 50), SCROLL_START);
  assert.deepEqual(rowsSeen(SCROLL_START, text(0), 5), []);
  assert.equal(scrolled(SCROLL_START, 'x', text(3), 5), undefined);
});
