import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpeningLine } from './first-line-token.ts';

/** What is left for submissions, or the refusal, when the text comes in pieces of this size. */
function judge(text: string, { token = '', needed = false, size = 1000 } = {}): string {
  const line = new OpeningLine({ token, isTokenNeeded: needed });
  let rest = '';
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size));
    rest += Buffer.from((line.isOver ? piece : line.take(piece)) ?? '').toString();
    if (line.refusal !== undefined) return line.refusal;
  }
  if (!line.isOver) rest += Buffer.from(line.end() ?? '').toString();
  return line.refusal ?? rest;
}

test('without a token everything passes as it is, in pieces of any size', () => {
  for (const text of ['[1]', ' \n{"a":1}', '- toNode: a\n  method: b\n', 'toNode: a', '', '\n\n']) {
    for (const size of [1, 3, 1000]) {
      const wanted = text.trim() === '' ? '' : text;
      assert.equal(judge(text, { size }), wanted, JSON.stringify(text));
    }
  }
});

test('a token line is taken away, and must be right where there is a token', () => {
  for (const size of [1, 1000]) {
    assert.equal(judge('token abc\n[1]', { size }), '[1]');
    assert.equal(judge('token abc\r\n- a: b\n', { token: 'abc', size }), '- a: b\n');
    assert.equal(judge('token abd\n[1]', { token: 'abc', size }), 'the token is wrong');
    assert.equal(judge('token abc\n[1]', { token: 'abc', needed: true, size }), '[1]');
  }
});

test('where a token is needed nothing else may come first', () => {
  for (const text of ['[1]', '{}', '- a\n', 'token\n[1]', 'token a b\n', `${'x'.repeat(9000)}`]) {
    for (const size of [1, 10_000]) {
      assert.match(judge(text, { token: 'abc', needed: true, size }), /a token is needed/, text.slice(0, 20));
    }
  }
});

test('a request of a browser is refused, whatever its path', () => {
  for (const first of ['POST / HTTP/1.1', 'GET /x HTTP/1.0', 'POST /: HTTP/1.1', 'PUT /a b HTTP/2']) {
    const text = `${first}\r\nHost: 127.0.0.1\r\n\r\nmethod: REQCliCommand\ntoNode: central\n`;
    for (const size of [1, 1000]) assert.match(judge(text, { size }), /no HTTP server/);
  }
});

test('a first line without an end is refused, as it may be a request of a browser', () => {
  for (const size of [1000, 10_000])
    assert.match(
      judge(`POST /${'x'.repeat(9000)} HTTP/1.1\r\n\r\n[1]`, { size }),
      /no HTTP server|has no end within 8 KiB/,
    );
  assert.match(judge('x'.repeat(9000)), /has no end within 8 KiB/);
  assert.equal(judge(`[${' '.repeat(9000)}1]`, { size: 10_000 }).length, 9003);
});
