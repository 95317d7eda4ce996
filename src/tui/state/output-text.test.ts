import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_OUTPUT, outputLines, withPiece } from './output-text.ts';

const bytes = (text: string) => Buffer.from(text);

test('pieces make the same lines however the output is cut into them', () => {
  const all = bytes('first\nzwölf 船\r\n\nno end yet 東');
  const whole = outputLines(withPiece(NO_OUTPUT, 0, all)!);
  assert.deepEqual(whole, ['first', 'zwölf 船', '', 'no end yet 東']);
  for (let size = 1; size < 9; size++) {
    let output = NO_OUTPUT;
    for (let at = 0; at < all.length; at += size)
      output = withPiece(output, at, all.subarray(at, at + size))!;
    assert.deepEqual(outputLines(output), whole, `pieces of ${size}`);
  }
});

test('a piece that overlaps is cut, and one before which something is missing is refused', () => {
  const output = withPiece(NO_OUTPUT, 0, bytes('one\ntwo\n'))!;
  assert.deepEqual(outputLines(withPiece(output, 4, bytes('two\nthree\n'))!), ['one', 'two', 'three']);
  assert.equal(withPiece(output, 0, bytes('one\n')), output);
  assert.equal(withPiece(output, 9, bytes('x')), undefined);
});

test('a line without end goes on in the next one, and letters stay whole', () => {
  const lines = outputLines(withPiece(NO_OUTPUT, 0, bytes('東'.repeat(5000)))!);
  assert.equal(lines.join(''), '東'.repeat(5000));
  assert.ok(lines.length > 1);
});

test('of a long output the end is kept', () => {
  const text = Array.from({ length: 25_000 }, (_, index) => `line ${index}\n`).join('');
  const output = withPiece(NO_OUTPUT, 0, bytes(text))!;
  assert.equal(output.isCut, true);
  assert.equal(output.nextByte, text.length);
  assert.deepEqual([output.lines.length, output.lines.at(-1)], [20_000, 'line 24999']);
});
