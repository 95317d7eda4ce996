import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TerminalOutput, visibleJson, visibleLine, visibleText } from './visible.ts';

const BAD = 'a\u001b[2Jb\u009b1mc\u202ed\u2066e\u200ff\u2028g\u{E0041}h\r\ni\tj\u007f';

test('nothing that is not seen is left of a text, and all of it is shown', () => {
  const line = String.raw`a\x1b[2Jb\x9b1mc\x202ed\x2066e\x200ff\x2028g\xe0041h\r\ni j\x7f`;
  assert.equal(visibleLine(BAD), line);
  assert.equal(visibleText('a\r\nb\tc\u001b\u202e'), 'a\\x0d\nb\tc\\x1b\\x202e');
  for (const text of ['plain', '船 é العربية עברית', '👩‍🚀']) assert.equal(visibleLine(text), text);
});

test('JSON means the same, and has nothing in it that is not seen', () => {
  const json = visibleJson(JSON.stringify({ [BAD]: BAD }));
  assert.match(json, /^[^\p{Cc}\p{Bidi_Control}\u2028\u2029\u{E0000}-\u{E007F}]*$/u);
  assert.deepEqual(JSON.parse(json), { [BAD]: BAD });
});

test('what a program prints keeps its colours and moves no cursor, in pieces of any size', () => {
  const printed =
    '\u001b[31mré\u001b[2Jd\u001b]0;title\u0007!\u001b[?25l\u001b\\ 5%\r9%\u202e\n\u001b[32mgreen\u0008';
  const expected = '\u001b[31mréd! 5%\r9%\\x202e\n\u001b[32mgreen';
  const bytes = Buffer.from(printed);
  for (const size of [1, 2, 3, 7, 1000]) {
    const output = new TerminalOutput();
    let shown = '';
    for (let at = 0; at < bytes.length; at += size) shown += output.push(bytes.subarray(at, at + size));
    shown += output.end();
    assert.equal(shown.replaceAll('\u001b[0m', ''), expected, `in pieces of ${size}`);
    assert.ok(shown.endsWith('\u001b[0m'));
  }
});

test('a sequence that never ends is held back no longer than one that somebody means', () => {
  const output = new TerminalOutput();
  const shown =
    output.push(Buffer.from(`\u001b]0;${'x'.repeat(10_000)}`)) + output.push(Buffer.from('\u0007end'));
  assert.ok(!shown.includes('\u001b') && !shown.includes('\u0007'));
  assert.ok(shown.endsWith('end'));
});
