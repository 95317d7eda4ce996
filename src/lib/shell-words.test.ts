import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinWords, splitWords } from './shell-words.ts';

test('a line is split into words as a shell does it', () => {
  const cases: [line: string, words: string[]][] = [
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`-c 'echo "hi" $HOME'`, ['-c', 'echo "hi" $HOME']],
    [String.raw`"a \" b" c\ d`, ['a " b', 'c d']],
    [`a'b'"c"d`, ['abcd']],
    [`'' ""`, ['', '']],
    [String.raw`"a\nb"`, [String.raw`a\nb`]],
  ];
  for (const [line, words] of cases) assert.deepEqual(splitWords(line), { ok: true, words }, line);
});

test('a quote that is never closed is said', () => {
  assert.deepEqual(splitWords(`echo 'a b`), { ok: false, fault: "the ' is never closed" });
  assert.equal(splitWords('a\\').ok, false);
});

test('words that were joined are split into the same words', () => {
  const words = ['-c', 'echo "a" $b', "it's", '', 'a b', String.raw`back\slash`, '$(x) `y`', '船', '\'"\\'];
  assert.deepEqual(splitWords(joinWords(words)), { ok: true, words });
});
