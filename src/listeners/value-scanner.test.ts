import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ValueScanner } from './value-scanner.ts';

const values = [
  '[]',
  '{}',
  '[{"a":[1,2,{"b":null}]},[[]]]',
  '{"a":"]}"}',
  String.raw`["\"]", "\\", "\\\"]", "\u005d"]`,
  '["æøå ☃ 𝄞"]',
];

test('the end of a value is found, whatever follows it', () => {
  for (const value of values) {
    const bytes = Buffer.from(`${value} [1]`);
    assert.equal(new ValueScanner().scan(bytes), Buffer.byteLength(value), value);
  }
});

test('the end is found at the same place when the bytes come one at a time', () => {
  for (const value of values) {
    const scanner = new ValueScanner();
    const bytes = Buffer.from(value);
    for (let at = 0; at < bytes.length; at++) {
      const end = scanner.scan(bytes.subarray(at, at + 1));
      assert.equal(end, at === bytes.length - 1 ? 1 : -1, `${value} at ${at}`);
    }
  }
});

test('the depth is known inside a value', () => {
  const scanner = new ValueScanner();
  assert.equal(scanner.scan(Buffer.from('[{"a":["]')), -1);
  assert.equal(scanner.depth, 3);
});

test('a scan starts where it is told to', () => {
  assert.equal(new ValueScanner().scan(Buffer.from('xx[1]'), 2), 5);
});
