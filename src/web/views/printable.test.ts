import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('output is text, lines and tabs; what would act on a screen shows as a mark', () => {
  const show = (text: string) => printable(Buffer.from(text));
  assert.equal(show('grün\n\tok'), 'grün\n\tok');
  assert.equal(show('a\r\u001b[31mb\u202ec\u0000'), 'a\ufffd\ufffd[31mb\ufffdc\ufffd');
  assert.equal(printable(Uint8Array.of(0x61, 0xff)), 'a\ufffd');
});
