import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldAnswers, lineDiff } from './fold-answers.ts';

const answer = (node: string, stdout: string, end = 'exit code 0') => ({ node, end, stdout, stderr: '' });

test('the same answers are one, those of most nodes first, and another end is another answer', () => {
  const answers = [answer('a', 'x'), answer('b', 'y'), answer('c', 'y'), answer('d', 'y', 'exit code 1')];
  assert.deepEqual(
    foldAnswers(answers).map(({ nodes, stdout, end }) => [nodes.join(' '), stdout, end]),
    [
      ['b c', 'y', 'exit code 0'],
      ['a', 'x', 'exit code 0'],
      ['d', 'y', 'exit code 1'],
    ],
  );
});

test('a difference is the lines that go and those that come, where that is shorter than the text', () => {
  assert.deepEqual(lineDiff('a\nb\nc\nd\n', 'a\nx\nc\nd\n'), ['-b', '+x']);
  assert.deepEqual(lineDiff('a\nb\n', 'a\nb\nc\n'), ['+c']);
  assert.deepEqual(lineDiff('5.10\n', '6.1\n'), ['-5.10', '+6.1']);
  assert.deepEqual(lineDiff('a\n', 'a'), []);
  assert.equal(lineDiff('a\nb\nc\n', 'x\ny\nz\n'), undefined);
  assert.equal(lineDiff('', 'x\n'.repeat(2000)), undefined);
});
