import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteRange } from './byte-range.ts';
import { contentType } from './content-type.ts';

test('a range is read, cut to the file, or found impossible', () => {
  for (const [header, wanted] of [
    [undefined, undefined],
    ['bytes=0-4', { first: 0, last: 4 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=5-500', { first: 5, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-300', { first: 0, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=99999999999999999999-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
  ] as const) {
    assert.deepEqual(byteRange(header, 10), wanted, header);
  }
  assert.equal(byteRange('bytes=0-', 0), 'unsatisfiable');
});

test('the type of a file is that of its name, or of its first bytes', () => {
  assert.equal(contentType('a.JSON', Buffer.from('x')), 'application/json');
  assert.equal(contentType('hostname', Buffer.from('æ').subarray(0, 1)), 'text/plain; charset=utf-8');
  assert.equal(contentType('hostname', Buffer.from([0x61, 0])), 'application/octet-stream');
  assert.equal(
    contentType('core.bin', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x61])),
    'application/octet-stream',
  );
});
