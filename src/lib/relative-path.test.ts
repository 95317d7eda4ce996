import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativePath } from './relative-path.ts';

test('a path is taken relative, whatever it begins with', () => {
  const parts = [
    ['directory', '/var//cli/./result/'],
    ['node name', 'ship1'],
    ['fileName', 'ø/some.log'],
  ] as const;
  assert.deepEqual(relativePath(parts), { path: 'var/cli/result/ship1/ø/some.log' });
});

test('.., control characters and over-long names are refused in words that name the part (fault 21)', () => {
  for (const [value, words] of [
    ['../up', /^directory "..\/up" contains ".."/],
    ['a/../../b', /contains ".."/],
    ['/..', /contains ".."/],
    ['a\0b', /control character/],
    ['a\nb', /control character/],
    ['n'.repeat(256), /255 bytes/],
  ] as const) {
    const result = relativePath([['directory', value]]);
    assert.match('fault' in result ? result.fault : '', words);
  }
});

test('names that only look like .. are allowed', () => {
  assert.deepEqual(relativePath([['directory', '..a/...']]), { path: '..a/...' });
});
