import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SubmissionSplitter } from './submission-splitter.ts';

/** All submissions in the pieces; the last one is what the stream's end leaves over. */
function split(...pieces: string[]): string[] {
  const splitter = new SubmissionSplitter();
  const found: string[] = [];
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    let at = 0;
    while (at < bytes.length) {
      const { next, complete } = splitter.take(bytes, at);
      at = next;
      if (complete) found.push(Buffer.from(splitter.finish()).toString());
    }
  }
  if (splitter.phase !== 'blank') found.push(Buffer.from(splitter.finish()).toString());
  return found;
}

test('JSON values are cut apart, with or without white space between them', () => {
  assert.deepEqual(split(' [1]\n\t{"a":2}[3]\r\n'), ['[1]', '{"a":2}', '[3]']);
});

test('a value keeps its bytes however it is cut into pieces', () => {
  const text = `[${'"x[", '.repeat(3000)}"æ"]`;
  assert.deepEqual(split(...text), [text]);
});

test('anything that is not JSON goes up to the end, and keeps the indentation of its first line', () => {
  assert.deepEqual(split('\n\n', '  - toNode: a\n', '    method: [b]\n'), [
    '  - toNode: a\n    method: [b]\n',
  ]);
});

test('a byte order mark is skipped', () => {
  assert.deepEqual(split('\ufeff[1]'), ['[1]']);
});

test('white space alone is no submission', () => {
  assert.deepEqual(split(' \n', '\t\r\n'), []);
});
