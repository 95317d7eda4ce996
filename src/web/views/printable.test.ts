import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableJson } from './printable.ts';

test('output is text, lines and tabs; what would act on a screen shows as a mark', () => {
  const show = (text: string) => printable(Buffer.from(text));
  assert.equal(show('grün\n\tok'), 'grün\n\tok');
  assert.equal(show('a\r\u001b[31mb\u202ec\u0000'), 'a\ufffd\ufffd[31mb\ufffdc\ufffd');
  assert.equal(printable(Uint8Array.of(0x61, 0xff)), 'a\ufffd');
});

test('no text of an answer turns the direction of what stands behind it', () => {
  const answer = { labels: { 'a\u202eb': 'x\u001b[2Jy\u2066z' }, count: 3, note: null, plain: 'grün شبكة' };
  assert.deepEqual(printableJson(JSON.stringify(answer)), {
    ...answer,
    labels: { 'a\ufffdb': 'x\ufffd[2Jy\ufffdz' },
  });
  const text = { path: 'c:\\u001b', lines: 'a\n\tb' };
  assert.deepEqual(printableJson(JSON.stringify(text)), text);
});
