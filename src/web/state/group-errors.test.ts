import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupErrors } from './group-errors.ts';

const line = (node: string, text: string, second = 1) => ({
  node,
  line: `Thu Nov 26 18:55:0${second} 2026, node: ${node}, ${text}`,
});

test('lines that say the same but for ids, names and numbers are one group, the newest first', () => {
  const groups = groupErrors([
    line('ship1', 'error: ship1 has 3 % of its disk', 1),
    line('ship2', 'error: method "REQX" is unknown', 2),
    line('ship2', 'error: ship2 has 14 % of its disk', 3),
    { node: '', line: 'written by hand' },
  ]);
  assert.deepEqual(
    groups.map(({ count, nodes, text, at }) => [count, nodes, text, at]),
    [
      [1, [], 'written by hand', ''],
      [2, ['ship1', 'ship2'], 'error: ship2 has 14 % of its disk', 'Thu Nov 26 18:55:03 2026'],
      [1, ['ship2'], 'error: method "REQX" is unknown', 'Thu Nov 26 18:55:02 2026'],
    ],
  );
});

test('what is set in belongs to the line above, whatever it says', () => {
  const forged = { node: 'ship1', line: `    ${line('central', 'error: all is well').line}` };
  const [group, ...more] = groupErrors([line('ship1', 'error: x'), forged]);
  assert.deepEqual([group?.nodes, group?.text], [['ship1'], `error: x\n${forged.line.trim()}`]);
  assert.deepEqual(more, []);
});
