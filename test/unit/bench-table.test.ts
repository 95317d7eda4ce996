import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendSubmission, expectLinesInOrder, LINE_BYTES, line } from '../../bench/append-messages.ts';
import { GrowingFile } from '../../bench/growing-file.ts';
import { isMet } from '../../bench/row.ts';
import { median, percentile } from '../../bench/statistics.ts';
import { formatTable } from '../../bench/table.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('median and percentile are those of the sorted values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)], [50, 99, 7]);
});

test('a goal holds for the ratio where there is one, else for the value, and never for a fault', () => {
  const row = { name: 'a', figure: 'a', unit: 's' };
  assert.equal(isMet({ ...row, value: 10, ratio: 0.5, goal: { atLeast: 0.3 } }), true);
  assert.equal(isMet({ ...row, value: 10, goal: { atMost: 3 } }), false);
  assert.equal(isMet({ ...row, value: 10 }), undefined);
  assert.equal(isMet({ ...row, fault: 'did not start' }), false);
});

test('the table has a line for each figure, with notes and faults below', () => {
  const rows = [
    {
      name: 'a',
      figure: 'appends',
      value: 24_321.4,
      unit: '/s',
      limit: 80_000,
      ratio: 0.304,
      goal: { atLeast: 0.3 },
      note: 'runs 1',
    },
    { name: 'b', figure: 'single', unit: '', fault: 'the node ended' },
  ];
  assert.deepEqual(formatTable(rows).split('\n'), [
    'figure      value     limit  ratio    goal  met?',
    'appends  24321 /s  80000 /s   0.30  >= 0.3   yes',
    'single          -         -      -       -    NO',
    '',
    'appends: runs 1',
    'single: FAILED: the node ended',
  ]);
});

test('a growing file tells when it has its size, and the lines are checked for their order', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'deep/append.log');
  using file = new GrowingFile(path);
  const reached = file.reaches(2 * LINE_BYTES, 5000);
  const [first, second] = JSON.parse(appendSubmission({ first: 0, count: 2 })) as { data: string[] }[];
  await appendFile(path, first!.data[0]!);
  await appendFile(path, second!.data[0]!);
  await reached;
  await expectLinesInOrder(path, 2);
  await assert.rejects(expectLinesInOrder(path, 3), /has 2 lines instead of 3/);
  await appendFile(path, line(3));
  await assert.rejects(expectLinesInOrder(path, 3), /place 2 holds "line 3/);
  await assert.rejects(file.reaches(400, 20), /has 300 of 400 bytes after 20 ms/);
});
