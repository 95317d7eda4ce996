import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCsv } from './csv.ts';

test('cells are quoted where they must be, and none is a formula', () => {
  const rows = [
    ['Node', 'a "b", c'],
    ['=HYPERLINK("x")', '-1'],
    ['@x', 'two\nlines'],
  ];
  assert.equal(toCsv(rows), 'Node,"a ""b"", c"\r\n"\'=HYPERLINK(""x"")",\'-1\r\n\'@x,"two\nlines"\r\n');
});

test('what a spreadsheet takes apart at semicolons or tabs begins no formula either', () => {
  assert.equal(
    toCsv([['a;=cmd|x', 'b\t@SUM(1)', '\t=1', 'a;b-c']]),
    "a;'=cmd|x,b\t'@SUM(1),'\t'=1,a;b-c\r\n",
  );
});
